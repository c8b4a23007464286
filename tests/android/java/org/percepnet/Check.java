// SPDX-License-Identifier: Apache-2.0
package org.percepnet;

import java.util.function.BooleanSupplier;

/** Runs checks and prints one line for each: "ok NAME" or "not ok NAME: REASON". */
final class Check {
  interface Body {
    void run() throws Exception;
  }

  private static int failures;

  private Check() {}

  static void that(String name, Body body) {
    try {
      body.run();
      System.out.println("ok " + name);
    } catch (Throwable reason) {
      failures++;
      System.out.println("not ok " + name + ": " + reason);
    }
  }

  static int countFailures() {
    return failures;
  }

  static void isTrue(boolean condition, String what) {
    if (!condition) throw new AssertionError(what);
  }

  static void isEqual(Object found, Object expected) {
    if (!expected.equals(found)) throw new AssertionError("is " + found + ", not " + expected);
  }

  /** The message of what the body throws, which must be of the type and hold the text. */
  static void fails(Class<? extends Throwable> type, String text, Body body) {
    Throwable thrown = null;
    try {
      body.run();
    } catch (Throwable reason) {
      thrown = reason;
    }
    if (thrown == null) throw new AssertionError("nothing thrown, expected " + type.getName());
    boolean fits = type.isInstance(thrown) && String.valueOf(thrown.getMessage()).contains(text);
    if (!fits) throw new AssertionError("threw " + thrown + ", expected '" + text + "'");
  }

  /** Collects garbage until the condition holds, for two seconds at most. */
  static boolean collectUntil(BooleanSupplier condition) throws InterruptedException {
    for (int i = 0; i < 40 && !condition.getAsBoolean(); i++) {
      System.gc();
      Thread.sleep(50);
    }
    return condition.getAsBoolean();
  }
}
