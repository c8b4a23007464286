// SPDX-License-Identifier: Apache-2.0
package android;

public final class Manifest {
  public static final class permission {
    public static final String RECORD_AUDIO = "android.permission.RECORD_AUDIO";
  }
}

public final class R {
  public static final class attr { public static final int progressBarStyleHorizontal = 0x01010078; }
}
