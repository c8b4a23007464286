// SPDX-License-Identifier: Apache-2.0
package org.percepnet;

import java.nio.ByteBuffer;

/** Checks of arguments; each names the argument that is wrong and says what would be right. */
final class Arguments {
  private Arguments() {}

  static void checkPresent(Object argument, String name) {
    if (argument == null) throw new NullPointerException(name + " is null");
  }

  static void checkRange(String name, int length, int offset, int count, String unit) {
    if (offset < 0) {
      throw new IllegalArgumentException(
          name + ": offset " + offset + " is negative; it must be 0 or more");
    }
    if (count > length - offset) {
      throw new IllegalArgumentException(
          name + ": too short, " + count + " " + unit + " from offset " + offset
              + " are needed, it has " + length
              + " in all; give a longer one or a smaller offset");
    }
  }

  static void checkDirect(ByteBuffer buffer, String name) {
    checkPresent(buffer, name);
    if (!buffer.isDirect()) {
      throw new IllegalArgumentException(
          name + ": not a direct buffer; make it with ByteBuffer.allocateDirect or pass an array");
    }
  }

  static void checkWritable(ByteBuffer buffer, String name) {
    if (buffer.isReadOnly()) {
      throw new IllegalArgumentException(name + ": read-only; give a buffer that can be written");
    }
  }

  static void checkSamples(int samples) {
    if (samples < 0) {
      throw new IllegalArgumentException(
          "samples: " + samples + " is negative; it must be 0 or more");
    }
  }

  static void checkAttenuationLimit(int limitDb) {
    if (limitDb < 0 || limitDb > 100) {
      throw new IllegalArgumentException(
          "attenuationLimitDb: " + limitDb + " is outside 0 to 100; 100 is no limit");
    }
  }
}
