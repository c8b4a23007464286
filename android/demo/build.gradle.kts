// SPDX-License-Identifier: Apache-2.0
plugins {
    id("com.android.application")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "org.percepnet.demo"
    compileSdk = 35

    defaultConfig {
        applicationId = "org.percepnet.demo"
        minSdk = 21
        targetSdk = 35
        versionCode = 1
        versionName = providers.gradleProperty("percepnet.version").get()
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }

    kotlinOptions {
        jvmTarget = "1.8"
    }
}

dependencies {
    implementation(project(":percepnet"))
}
