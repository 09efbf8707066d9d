#!/bin/sh
# enter.sh FOLDER COMMAND…: runs a command in the system in FOLDER, with the mounts that a container has. It is started in a mount
# namespace of its own: nobody else sees these mounts, and they go with the last process in it.
set -eu
system=$1
shift
# "/" has to be a mount point there, or `ip netns exec` cannot change how mounts propagate.
mount --rbind "$system" "$system"
mount -t proc proc "$system/proc"
mount --rbind /sys "$system/sys"
mount --rbind /dev "$system/dev"
# A network of its own, if it was given one, has nothing but this.
ip link set lo up
exec chroot "$system" "$@"
