// SPDX-License-Identifier: Apache-2.0
package org.percepnet.demo

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Build
import android.os.Bundle
import android.os.Handler
import android.os.Looper
import android.view.View
import android.widget.Button
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.ScrollView
import android.widget.Switch
import android.widget.TextView
import org.percepnet.PercepNet
import kotlin.concurrent.thread

/** One screen: live sound with meters, and files. */
class MainActivity : Activity() {
    private val handler = Handler(Looper.getMainLooper())
    private val loop = LiveLoop { reason -> handler.post { onLoopEnd(reason) } }
    private val refresh = Runnable { showMeters() }
    private var noisyFile: Uri? = null
    private lateinit var live: Switch
    private lateinit var level: ProgressBar
    private lateinit var voice: ProgressBar
    private lateinit var message: TextView

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        noisyFile = savedInstanceState?.getString(NOISY_FILE)?.let(Uri::parse)
        setContentView(createViews())
        message.text = "PercepNet ${PercepNet.version()}"
    }

    override fun onSaveInstanceState(outState: Bundle) {
        super.onSaveInstanceState(outState)
        outState.putString(NOISY_FILE, noisyFile?.toString())
    }

    override fun onStop() {
        live.isChecked = false
        super.onStop()
    }

    private fun createViews(): View {
        live = switch(R.string.live, false) { on -> if (on) startLive() else stopLive() }
        level = ProgressBar(this, null, android.R.attr.progressBarStyleHorizontal)
        level.max = -LiveLoop.SILENCE_DB.toInt()
        voice = ProgressBar(this, null, android.R.attr.progressBarStyleHorizontal)
        voice.max = 100
        message = TextView(this)
        val column = LinearLayout(this)
        column.orientation = LinearLayout.VERTICAL
        column.addView(text(R.string.headphones))
        column.addView(live)
        column.addView(switch(R.string.clean, true) { on -> loop.clean = on })
        column.addView(text(R.string.level))
        column.addView(level)
        column.addView(text(R.string.voice))
        column.addView(voice)
        column.addView(button(R.string.clean_file) { chooseNoisyFile() })
        column.addView(message)
        return ScrollView(this).also {
            it.fitsSystemWindows = true
            it.addView(column)
        }
    }

    private fun text(words: Int) = TextView(this).also { it.setText(words) }

    private fun button(words: Int, action: () -> Unit) = Button(this).also {
        it.setText(words)
        it.setOnClickListener { action() }
    }

    private fun switch(words: Int, on: Boolean, action: (Boolean) -> Unit) = Switch(this).also {
        it.setText(words)
        it.isChecked = on
        it.setOnCheckedChangeListener { _, checked -> action(checked) }
    }

    private fun startLive() {
        if (mayRecord()) {
            loop.start()
            refresh.run()
            return
        }
        live.isChecked = false
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.M) {
            requestPermissions(arrayOf(Manifest.permission.RECORD_AUDIO), MAY_RECORD)
        }
    }

    private fun stopLive() {
        handler.removeCallbacks(refresh)
        loop.stop()
        level.progress = 0
        voice.progress = 0
    }

    private fun mayRecord(): Boolean =
        Build.VERSION.SDK_INT < Build.VERSION_CODES.M ||
            checkSelfPermission(Manifest.permission.RECORD_AUDIO) == PackageManager.PERMISSION_GRANTED

    override fun onRequestPermissionsResult(
        requestCode: Int,
        permissions: Array<out String>,
        grantResults: IntArray,
    ) {
        if (requestCode != MAY_RECORD) return
        if (mayRecord()) live.isChecked = true else message.setText(R.string.no_permission)
    }

    private fun onLoopEnd(reason: String?) {
        if (reason == null) return
        live.isChecked = false
        message.text = reason
    }

    private fun showMeters() {
        level.progress = (loop.levelDb - LiveLoop.SILENCE_DB).toInt()
        voice.progress = (100 * loop.voice).toInt()
        handler.postDelayed(refresh, METER_MILLISECONDS)
    }

    private fun chooseNoisyFile() {
        val intent = Intent(Intent.ACTION_OPEN_DOCUMENT)
        intent.addCategory(Intent.CATEGORY_OPENABLE).setType("audio/*")
        startActivityForResult(intent, NOISY)
    }

    private fun chooseCleanFile() {
        val intent = Intent(Intent.ACTION_CREATE_DOCUMENT)
        intent.addCategory(Intent.CATEGORY_OPENABLE).setType("audio/x-wav")
        intent.putExtra(Intent.EXTRA_TITLE, "clean.wav")
        startActivityForResult(intent, CLEAN)
    }

    @Deprecated("Deprecated in Java")
    override fun onActivityResult(requestCode: Int, resultCode: Int, data: Intent?) {
        val chosen = data?.data
        if (resultCode != RESULT_OK || chosen == null) return
        if (requestCode == NOISY) {
            noisyFile = chosen
            chooseCleanFile()
        } else if (requestCode == CLEAN) {
            noisyFile?.let { cleanFile(it, chosen) }
        }
    }

    private fun cleanFile(noisy: Uri, clean: Uri) {
        message.setText(R.string.working)
        thread(name = "percepnet-file") {
            val result = try {
                copyCleaned(noisy, clean)
                getString(R.string.done)
            } catch (error: Exception) { // providers of files throw what they like
                error.message ?: error.javaClass.simpleName
            }
            handler.post { message.text = result }
        }
    }

    private fun copyCleaned(noisy: Uri, clean: Uri) {
        val input = checkNotNull(contentResolver.openInputStream(noisy)) { "no such file" }
        input.use {
            val output = checkNotNull(contentResolver.openOutputStream(clean)) { "cannot write" }
            output.use { WavCleaner.clean(input, output) }
        }
    }

    private companion object {
        const val MAY_RECORD = 1
        const val NOISY = 2
        const val CLEAN = 3
        const val METER_MILLISECONDS = 50L
        const val NOISY_FILE = "noisy"
    }
}
