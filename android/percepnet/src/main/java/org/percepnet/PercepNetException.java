// SPDX-License-Identifier: Apache-2.0
package org.percepnet;

/** The native library refused: the model cannot be used, or memory is short. */
public final class PercepNetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;

  PercepNetException(String what, int status) {
    super(what + ": " + PercepNetNative.errorText(status));
    this.status = status;
  }

  /** The library's number for the error: {@code pn_status} in {@code percepnet.h}. */
  public int getStatus() {
    return status;
  }
}
