// SPDX-License-Identifier: Apache-2.0
package android.content;

public abstract class Context {
  public native int checkSelfPermission(String permission);
  public native ContentResolver getContentResolver();
  public final native String getString(int words);
}

public abstract class ContentResolver {
  public final native java.io.InputStream openInputStream(android.net.Uri uri)
      throws java.io.FileNotFoundException;
  public final native java.io.OutputStream openOutputStream(android.net.Uri uri)
      throws java.io.FileNotFoundException;
}

public class Intent {
  public static final String ACTION_CREATE_DOCUMENT = "android.intent.action.CREATE_DOCUMENT";
  public static final String ACTION_OPEN_DOCUMENT = "android.intent.action.OPEN_DOCUMENT";
  public static final String CATEGORY_OPENABLE = "android.intent.category.OPENABLE";
  public static final String EXTRA_TITLE = "android.intent.extra.TITLE";
  public Intent(String action) {}
  public native Intent addCategory(String category);
  public native android.net.Uri getData();
  public native Intent putExtra(String name, String value);
  public native Intent setType(String type);
}
