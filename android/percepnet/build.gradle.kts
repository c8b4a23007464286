// SPDX-License-Identifier: Apache-2.0
// The library from its sources, for projects that have the NDK. host_tools makes the AAR without.
plugins {
    id("com.android.library")
    id("maven-publish")
}

android {
    namespace = "org.percepnet"
    compileSdk = 35
    ndkVersion = "27.2.12479018"

    defaultConfig {
        minSdk = 21
        consumerProguardFiles("consumer-rules.pro")
        ndk {
            abiFilters += listOf("arm64-v8a", "armeabi-v7a", "x86_64")
        }
        externalNativeBuild {
            cmake {
                targets += "percepnet"
                arguments += listOf(
                    "-DANDROID_STL=none",
                    "-DANDROID_SUPPORT_FLEXIBLE_PAGE_SIZES=ON",
                )
            }
        }
    }

    externalNativeBuild {
        cmake {
            path = file("src/main/cpp/CMakeLists.txt")
            version = "3.22.1"
        }
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }

    buildFeatures {
        prefabPublishing = true
    }

    prefab {
        create("percepnet") { // a target of CMake; its file must be called like it
            headers = "../../firmware/include"
        }
    }

    publishing {
        singleVariant("release") {
            withSourcesJar()
        }
    }
}

publishing {
    publications {
        register<MavenPublication>("release") {
            groupId = "org.percepnet"
            artifactId = "percepnet"
            version = providers.gradleProperty("percepnet.version").get()
            afterEvaluate {
                from(components["release"])
            }
        }
    }
    repositories {
        maven {
            name = "folder"
            url = uri(layout.buildDirectory.dir("maven"))
        }
    }
}
