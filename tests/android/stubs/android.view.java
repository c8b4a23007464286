// SPDX-License-Identifier: Apache-2.0
package android.view;

public class View {
  public interface OnClickListener { void onClick(View view); }
  public native boolean getFitsSystemWindows();
  public native void setFitsSystemWindows(boolean fits);
  public native void setOnClickListener(OnClickListener listener);
}

public abstract class ViewGroup extends View { public native void addView(View child); }
