// SPDX-License-Identifier: Apache-2.0
package org.percepnet;

import java.lang.reflect.Field;
import java.nio.file.Path;
import java.nio.file.Paths;

/**
 * Usage: EmulatedChecks FOLDER, as for AllChecks. Groups of checks in one JVM, since an emulated one
 * starts slowly, and what that JVM is. Without that of memory, which would see the emulator's.
 */
final class EmulatedChecks {
  private EmulatedChecks() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Paths.get(arguments[0]);
    System.out.println("fact architecture " + System.getProperty("os.arch"));
    System.out.println("fact JVM " + System.getProperty("java.vm.version"));
    System.out.println("fact page bytes " + pageBytes());
    new SoundChecks(folder).run();
    new ErrorChecks(folder).run();
    new ThreadChecks(folder).run();
    System.exit(Check.countFailures() == 0 ? 0 : 1);
  }

  /** The size that the JVM itself works with; Java 8 has no other way to ask. */
  private static Object pageBytes() throws ReflectiveOperationException {
    Class<?> type = Class.forName("sun.misc.Unsafe");
    Field only = type.getDeclaredField("theUnsafe");
    only.setAccessible(true);
    return type.getMethod("pageSize").invoke(only.get(null));
  }
}
