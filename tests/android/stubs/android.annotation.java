// SPDX-License-Identifier: Apache-2.0
package android.annotation;

public @interface SuppressLint { String[] value(); }
