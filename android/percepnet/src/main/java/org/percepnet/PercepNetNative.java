// SPDX-License-Identifier: Apache-2.0
package org.percepnet;

import java.nio.ByteBuffer;

/**
 * The native methods. They return a status, 0 or negative, and those that process return the voice
 * probability of the last frame, 0 to 32768. The library finds class and methods by name.
 */
final class PercepNetNative {
  static {
    System.loadLibrary("percepnet");
  }

  private PercepNetNative() {}

  static native int createBuiltIn(long[] handle);

  static native int createFromArray(byte[] model, long[] handle);

  static native int createFromBuffer(ByteBuffer model, int offset, int bytes, long[] handle);

  static native void destroy(long handle);

  static native int processShorts(
      long handle, short[] in, int inOffset, short[] out, int outOffset);

  static native int processFloats(
      long handle, float[] in, int inOffset, float[] out, int outOffset);

  static native int processBuffers(
      long handle, ByteBuffer in, int inOffset, ByteBuffer out, int outOffset);

  static native int processBlock(
      long handle, short[] in, int inOffset, short[] out, int outOffset, int samples);

  static native int reset(long handle);

  static native int setAttenuationLimitDb(long handle, int limitDb);

  static native int setBypass(long handle, boolean bypass);

  static native String kernelName(long handle);

  static native String version();

  static native String errorText(int status);
}
