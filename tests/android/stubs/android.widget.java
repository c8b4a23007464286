// SPDX-License-Identifier: Apache-2.0
package android.widget;

public class TextView extends android.view.View {
  public TextView(android.content.Context context) {}
  public native CharSequence getText();
  public final native void setText(CharSequence text);
  public final native void setText(int words);
}

public class Button extends TextView {
  public Button(android.content.Context context) { super(context); }
}

public abstract class CompoundButton extends Button {
  public interface OnCheckedChangeListener {
    void onCheckedChanged(CompoundButton button, boolean checked);
  }
  public CompoundButton(android.content.Context context) { super(context); }
  public native boolean isChecked();
  public native void setChecked(boolean checked);
  public native void setOnCheckedChangeListener(OnCheckedChangeListener listener);
}

public class Switch extends CompoundButton {
  public Switch(android.content.Context context) { super(context); }
}

public class LinearLayout extends android.view.ViewGroup {
  public static final int VERTICAL = 1;
  public LinearLayout(android.content.Context context) {}
  public native int getOrientation();
  public native void setOrientation(int orientation);
}

public class ProgressBar extends android.view.View {
  public ProgressBar(android.content.Context context, android.util.AttributeSet set, int style) {}
  public native int getMax();
  public native void setMax(int max);
  public native int getProgress();
  public native void setProgress(int progress);
}

public class ScrollView extends android.view.ViewGroup {
  public ScrollView(android.content.Context context) {}
}
