// SPDX-License-Identifier: Apache-2.0
package org.percepnet;

import java.nio.file.Path;
import java.nio.file.Paths;

/**
 * Usage: AllChecks sound|errors|threads|memory FOLDER. The folder holds noisy.s16 and model.pnm and
 * takes what comes out.
 */
final class AllChecks {
  private AllChecks() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Paths.get(arguments[1]);
    switch (arguments[0]) {
      case "sound":
        new SoundChecks(folder).run();
        break;
      case "errors":
        new ErrorChecks(folder).run();
        break;
      case "threads":
        new ThreadChecks(folder).run();
        break;
      case "memory":
        new MemoryChecks(folder).run();
        break;
      default:
        throw new IllegalArgumentException("no group of checks is called " + arguments[0]);
    }
    System.exit(Check.countFailures() == 0 ? 0 : 1);
  }
}
