// SPDX-License-Identifier: Apache-2.0
package android.media;

public class AudioRecord {
  public static final int STATE_INITIALIZED = 1;
  /** What the microphone hears next; it stops at the end. */
  public static short[] heard = {};
  public AudioRecord(int source, int rate, int channels, int encoding, int bytes) {}
  public static int getMinBufferSize(int rate, int channels, int encoding) { return 3840; }
  public int getState() { return STATE_INITIALIZED; }
  public void startRecording() {}
  public void release() {}
  public int read(short[] out, int start, int size) {
    int count = Math.min(size, heard.length);
    System.arraycopy(heard, 0, out, start, count);
    heard = java.util.Arrays.copyOfRange(heard, count, heard.length);
    return count;
  }
}

public class AudioTrack {
  public static final int MODE_STREAM = 1;
  /** What the headphones played. */
  public static short[] played = {};
  public AudioTrack(AudioAttributes use, AudioFormat format, int bytes, int mode, int session) {}
  public static int getMinBufferSize(int rate, int channels, int encoding) { return 3840; }
  public void play() {}
  public void release() {}
  public int write(short[] samples, int start, int size) {
    played = java.util.Arrays.copyOf(played, played.length + size);
    System.arraycopy(samples, start, played, played.length - size, size);
    return size;
  }
}

public final class AudioAttributes {
  public static final int CONTENT_TYPE_SPEECH = 1;
  public static final int USAGE_MEDIA = 1;
  public static class Builder {
    public AudioAttributes build() { return new AudioAttributes(); }
    public Builder setContentType(int type) { return this; }
    public Builder setUsage(int usage) { return this; }
  }
}

public final class AudioFormat {
  public static final int CHANNEL_IN_MONO = 16;
  public static final int CHANNEL_OUT_MONO = 4;
  public static final int ENCODING_PCM_16BIT = 2;
  public static class Builder {
    public AudioFormat build() { return new AudioFormat(); }
    public Builder setChannelMask(int channels) { return this; }
    public Builder setEncoding(int encoding) { return this; }
    public Builder setSampleRate(int rate) { return this; }
  }
}

public class AudioManager { public static final int AUDIO_SESSION_ID_GENERATE = 0; }

public class MediaRecorder {
  public final class AudioSource { public static final int VOICE_RECOGNITION = 6; }
}
