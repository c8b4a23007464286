// SPDX-License-Identifier: Apache-2.0
package android.os;

public class Build {
  public static class VERSION { public static final int SDK_INT = Integer.getInteger("sdk", 35); }
  public static class VERSION_CODES { public static final int M = 23; }
}

public final class Bundle {
  public native String getString(String key);
  public native void putString(String key, String value);
}

public class Handler {
  public Handler(Looper looper) {}
  public final native boolean post(Runnable action);
  public final native boolean postDelayed(Runnable action, long milliseconds);
  public final native void removeCallbacks(Runnable action);
}

public final class Looper { public static native Looper getMainLooper(); }

public class Process {
  public static final int THREAD_PRIORITY_URGENT_AUDIO = -19;
  public static void setThreadPriority(int priority) {}
}
