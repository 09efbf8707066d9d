/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs that are attached only while an investigation asks for their rows. */
#ifndef TCPLENS_LOADER_DETAILS_H
#define TCPLENS_LOADER_DETAILS_H

/* Detaches them: loading has attached them once, to learn whether the kernel allows it. */
void details__open(void);
/* What the programs have found out about connections by filters that have changed is old from now on. */
void details__filters_changed(void);
/* Attaches and detaches each as the present rights allow. Returns 0, or -errno for the first that the kernel refuses. */
int details__try(void);

#endif
