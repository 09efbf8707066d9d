/* SPDX-License-Identifier: GPL-2.0-only */
/* libbpf's last warning since it was cleared, as one line. */
#ifndef TCPLENS_LOADER_WARNING_H
#define TCPLENS_LOADER_WARNING_H

#define WARNING_BYTES 256

void warning__listen(void);
void warning__clear(void);
void warning__set(const char *text);
const char *warning__text(void);

#endif
