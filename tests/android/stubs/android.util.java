// SPDX-License-Identifier: Apache-2.0
package android.util;

public interface AttributeSet {}
