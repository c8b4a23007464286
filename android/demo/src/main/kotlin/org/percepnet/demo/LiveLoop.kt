// SPDX-License-Identifier: Apache-2.0
package org.percepnet.demo

import android.annotation.SuppressLint
import android.media.AudioAttributes
import android.media.AudioFormat
import android.media.AudioManager
import android.media.AudioRecord
import android.media.AudioTrack
import android.media.MediaRecorder
import android.os.Process
import org.percepnet.PercepNet
import kotlin.math.log10
import kotlin.math.max
import kotlin.math.sqrt

/**
 * Microphone, denoiser, headphones: a thread of its own from [start] to [stop].
 *
 * [onEnd] is told on that thread why it ended; null after [stop].
 */
class LiveLoop(private val onEnd: (String?) -> Unit) {
    /** False passes the sound as it came in, with the same delay. */
    @Volatile
    var clean = true

    /** Of the frame heard last, in dB below full scale. */
    @Volatile
    var levelDb = SILENCE_DB
        private set

    /** How likely the last frame holds speech, 0 to 1. */
    @Volatile
    var voice = 0f
        private set

    @Volatile
    private var running = false
    private var thread: Thread? = null

    /** Needs the permission RECORD_AUDIO. */
    fun start() {
        if (thread != null) return
        running = true
        thread = Thread(::run, "percepnet").also { it.start() }
    }

    /** Waits for the thread, which ends within a few frames. */
    fun stop() {
        running = false
        thread?.join()
        thread = null
    }

    private fun run() {
        Process.setThreadPriority(Process.THREAD_PRIORITY_URGENT_AUDIO)
        val reason = try {
            PercepNet().use(::openAndPass)
            null
        } catch (error: RuntimeException) {
            error.message ?: error.javaClass.simpleName
        }
        levelDb = SILENCE_DB
        voice = 0f
        onEnd(reason)
    }

    private fun openAndPass(net: PercepNet) {
        val record = openRecord(net.sampleRate)
        try {
            val track = openTrack(net.sampleRate)
            try {
                record.startRecording()
                track.play()
                passFrames(net, record, track)
            } finally {
                track.release()
            }
        } finally {
            record.release()
        }
    }

    private fun passFrames(net: PercepNet, record: AudioRecord, track: AudioTrack) {
        val frame = ShortArray(net.frameLength)
        while (running) {
            val heard = record.read(frame, 0, frame.size)
            check(heard == frame.size) { "the microphone stopped ($heard)" }
            levelDb = levelOf(frame)
            net.isBypass = !clean
            net.process(frame, 0, frame, 0)
            voice = net.voiceProbability
            val played = track.write(frame, 0, frame.size)
            check(played >= 0) { "the headphones stopped ($played)" }
        }
    }

    @SuppressLint("MissingPermission")
    private fun openRecord(rate: Int): AudioRecord {
        val channel = AudioFormat.CHANNEL_IN_MONO
        val smallest = AudioRecord.getMinBufferSize(rate, channel, AudioFormat.ENCODING_PCM_16BIT)
        check(smallest > 0) { "this phone does not record at $rate Hz" }
        // a source that the platform cleans as little as it can
        val source = MediaRecorder.AudioSource.VOICE_RECOGNITION
        val record =
            AudioRecord(source, rate, channel, AudioFormat.ENCODING_PCM_16BIT, 2 * smallest)
        if (record.state != AudioRecord.STATE_INITIALIZED) {
            record.release()
            error("the microphone is in use or not allowed")
        }
        return record
    }

    private fun openTrack(rate: Int): AudioTrack {
        val channel = AudioFormat.CHANNEL_OUT_MONO
        val smallest = AudioTrack.getMinBufferSize(rate, channel, AudioFormat.ENCODING_PCM_16BIT)
        check(smallest > 0) { "this phone does not play at $rate Hz" }
        val attributes = AudioAttributes.Builder()
            .setUsage(AudioAttributes.USAGE_MEDIA)
            .setContentType(AudioAttributes.CONTENT_TYPE_SPEECH)
            .build()
        val format = AudioFormat.Builder()
            .setEncoding(AudioFormat.ENCODING_PCM_16BIT)
            .setSampleRate(rate)
            .setChannelMask(channel)
            .build()
        return AudioTrack(
            attributes,
            format,
            smallest,
            AudioTrack.MODE_STREAM,
            AudioManager.AUDIO_SESSION_ID_GENERATE,
        )
    }

    companion object {
        const val SILENCE_DB = -96f

        private fun levelOf(frame: ShortArray): Float {
            var sum = 0.0
            for (sample in frame) sum += sample.toDouble() * sample
            val rms = sqrt(sum / frame.size) / 32768
            return max(SILENCE_DB, (20 * log10(rms + 1e-9)).toFloat())
        }
    }
}
