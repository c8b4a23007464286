/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "tty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

typedef struct pn_baud {
  unsigned long rate;
  speed_t code;
} pn_baud;

static const pn_baud bauds[] = {
    {9600, B9600},       {19200, B19200},     {38400, B38400},     {57600, B57600},
    {115200, B115200},   {230400, B230400},   {460800, B460800},   {500000, B500000},
    {921600, B921600},   {1000000, B1000000}, {1500000, B1500000}, {2000000, B2000000},
    {3000000, B3000000},
};

static const pn_baud *find_baud(unsigned long rate) {
  for (size_t i = 0; i < sizeof bauds / sizeof bauds[0]; ++i) {
    if (bauds[i].rate == rate) return &bauds[i];
  }
  return NULL;
}

static int set_raw(int tty, speed_t speed) {
  struct termios settings;
  if (tcgetattr(tty, &settings) != 0) return -1;
  cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL | CREAD;
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  if (cfsetispeed(&settings, speed) != 0 || cfsetospeed(&settings, speed) != 0) return -1;
  return tcsetattr(tty, TCSANOW, &settings);
}

int pn_agent_open_tty(const char *description) {
  char path[256];
  snprintf(path, sizeof path, "%s", description);
  char *comma = strchr(path, ',');
  unsigned long rate = 115200;
  if (comma != NULL) {
    *comma = '\0';
    rate = strtoul(comma + 1, NULL, 10);
  }
  const pn_baud *baud = find_baud(rate);
  if (baud == NULL) {
    fprintf(stderr, "percepnet_agent: --tty %s: baud rate %lu is not supported, try 115200\n",
            description, rate);
    return -1;
  }
  const int tty = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (tty < 0 || set_raw(tty, baud->code) != 0) {
    fprintf(stderr, "percepnet_agent: --tty %s: %s\n", path, strerror(errno));
    if (tty >= 0) close(tty);
    return -1;
  }
  return tty;
}
