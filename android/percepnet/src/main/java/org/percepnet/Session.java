// SPDX-License-Identifier: Apache-2.0
package org.percepnet;

import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;

/**
 * One native state and the lock that lets one thread at a time use it.
 *
 * <p>It outlives a {@link PercepNet} that was dropped without close, and is then closed when the
 * next one is made. The lock is here and not in the owner, so that an owner found unreachable
 * during its last call cannot lose the memory that the call works in.
 */
final class Session extends PhantomReference<PercepNet> {
  private static final ReferenceQueue<PercepNet> DROPPED = new ReferenceQueue<>();
  /** Keeps the references themselves reachable; without that none would ever be queued. */
  private static final Set<Session> OPEN = new HashSet<>();

  private long handle;
  private int attenuationLimitDb = 100;
  private boolean bypass;
  private volatile int voiceQ15;

  private Session(PercepNet owner, long handle) {
    super(owner, DROPPED);
    this.handle = handle;
    synchronized (OPEN) {
      OPEN.add(this);
    }
  }

  static Session openBuiltIn(PercepNet owner) {
    closeDropped();
    long[] handle = new long[1];
    return opened(owner, PercepNetNative.createBuiltIn(handle), handle);
  }

  static Session open(PercepNet owner, byte[] model) {
    Arguments.checkPresent(model, "model");
    closeDropped();
    long[] handle = new long[1];
    return opened(owner, PercepNetNative.createFromArray(model, handle), handle);
  }

  static Session open(PercepNet owner, ByteBuffer model) {
    Arguments.checkDirect(model, "model");
    closeDropped();
    long[] handle = new long[1];
    int status =
        PercepNetNative.createFromBuffer(model, model.position(), model.remaining(), handle);
    return opened(owner, status, handle);
  }

  private static Session opened(PercepNet owner, int status, long[] handle) {
    if (status < 0) throw new PercepNetException("cannot make a PercepNet", status);
    return new Session(owner, handle[0]);
  }

  private static void closeDropped() {
    for (Reference<?> dropped = DROPPED.poll(); dropped != null; dropped = DROPPED.poll()) {
      ((Session) dropped).close();
    }
  }

  /** How many native states exist. */
  static int countOpen() {
    synchronized (OPEN) {
      return OPEN.size();
    }
  }

  synchronized void close() {
    if (handle == 0) return;
    PercepNetNative.destroy(handle);
    handle = 0;
    clear();
    synchronized (OPEN) {
      OPEN.remove(this);
    }
  }

  synchronized void process(short[] in, int inOffset, short[] out, int outOffset) {
    voiceQ15 = checked(PercepNetNative.processShorts(open(), in, inOffset, out, outOffset));
  }

  synchronized void process(float[] in, int inOffset, float[] out, int outOffset) {
    voiceQ15 = checked(PercepNetNative.processFloats(open(), in, inOffset, out, outOffset));
  }

  synchronized void process(ByteBuffer in, int inOffset, ByteBuffer out, int outOffset) {
    voiceQ15 = checked(PercepNetNative.processBuffers(open(), in, inOffset, out, outOffset));
  }

  synchronized void processAny(short[] in, int inOffset, short[] out, int outOffset, int samples) {
    voiceQ15 = checked(PercepNetNative.processBlock(open(), in, inOffset, out, outOffset, samples));
  }

  synchronized void reset() {
    checked(PercepNetNative.reset(open()));
    voiceQ15 = 0;
  }

  synchronized int attenuationLimitDb() {
    open();
    return attenuationLimitDb;
  }

  synchronized void setAttenuationLimitDb(int limitDb) {
    checked(PercepNetNative.setAttenuationLimitDb(open(), limitDb));
    attenuationLimitDb = limitDb;
  }

  synchronized boolean bypass() {
    open();
    return bypass;
  }

  synchronized void setBypass(boolean wanted) {
    checked(PercepNetNative.setBypass(open(), wanted));
    bypass = wanted;
  }

  synchronized String kernelName() {
    return PercepNetNative.kernelName(open());
  }

  int voiceQ15() {
    return voiceQ15;
  }

  private long open() {
    if (handle == 0) {
      throw new IllegalStateException("this PercepNet is closed; make a new one for a new stream");
    }
    return handle;
  }

  private static int checked(int result) {
    if (result < 0) throw new PercepNetException("PercepNet cannot process", result);
    return result;
  }
}
