# SPDX-License-Identifier: Apache-2.0
"""The text files of an AAR and of the Maven folder that it is in."""

from __future__ import annotations

import json
from typing import Any

GROUP = "org.percepnet"
NAME = "percepnet"
NAMESPACE = "org.percepnet"
MIN_SDK = 21
NDK_MAJOR = 27
"""What apps in C are told; the oldest NDK whose linker suits (docs/android.md)."""
METADATA_PATH = "META-INF/com/android/build/gradle/aar-metadata.properties"
METADATA = {
    "aarFormatVersion": "1.0",
    "aarMetadataVersion": "1.0",
    "minCompileSdk": "1",
    "minCompileSdkExtension": "0",
    "minAndroidGradlePluginVersion": "1.0.0",
    "coreLibraryDesugaringEnabled": "false",
}


def manifest() -> bytes:
    """AndroidManifest.xml of a library that asks for nothing."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="{NAMESPACE}">
    <uses-sdk android:minSdkVersion="{MIN_SDK}" />
</manifest>
""".encode()


def metadata() -> bytes:
    """What Android's Gradle plugin checks before it takes the AAR: nothing is asked of apps."""
    return "".join(f"{key}={value}\n" for key, value in METADATA.items()).encode()


def prefab_package(version: str) -> bytes:
    """prefab.json, which makes ``find_package(percepnet)`` work in an app's CMake."""
    return _json({"schema_version": 2, "name": NAME, "version": version, "dependencies": []})


def prefab_module() -> bytes:
    """module.json of the only module; its library's name follows from its own."""
    return _json({"export_libraries": [], "library_name": None})


def prefab_abi(abi: str) -> bytes:
    """abi.json; the library is C and so fits each C++ library of an app."""
    return _json({"abi": abi, "api": MIN_SDK, "ndk": NDK_MAJOR, "stl": "none", "static": False})


def pom(version: str) -> bytes:
    """The Maven description of the AAR, which depends on nothing."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="http://maven.apache.org/POM/4.0.0 https://maven.apache.org/xsd/maven-4.0.0.xsd">
  <modelVersion>4.0.0</modelVersion>
  <groupId>{GROUP}</groupId>
  <artifactId>{NAME}</artifactId>
  <version>{version}</version>
  <packaging>aar</packaging>
  <name>PercepNet</name>
  <description>Real-time denoiser for speech at 48 kHz</description>
  <licenses>
    <license>
      <name>Apache-2.0</name>
      <url>https://www.apache.org/licenses/LICENSE-2.0.txt</url>
    </license>
  </licenses>
</project>
""".encode()


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()
