// SPDX-License-Identifier: Apache-2.0
package android.app;

public class Activity extends android.content.Context {
  public static final int RESULT_OK = -1;
  protected void onCreate(android.os.Bundle state) {}
  protected void onSaveInstanceState(android.os.Bundle state) {}
  protected void onStop() {}
  protected void onActivityResult(int request, int result, android.content.Intent data) {}
  public void onRequestPermissionsResult(int request, String[] names, int[] results) {}
  public final native void requestPermissions(String[] permissions, int request);
  public native void setContentView(android.view.View view);
  public native void startActivityForResult(android.content.Intent intent, int request);
}
