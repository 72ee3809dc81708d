#!/bin/sh
# The first process in User-Mode Linux. The host's files are its root, read-only; LAB_OUT is writable. The kernel's
# command line gave us LAB_OUT, LAB_BIN and LAB_BREAK as variables; the result is the file `rc`, because the exit
# status of User-Mode Linux says nothing about us.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
for dir in /run /var/lib /var/log /dev/shm; do
    [ -d $dir ] || mkdir -p $dir
    mount -t tmpfs tmpfs $dir
done
mount -t hostfs -o "$LAB_OUT" out /mnt
# Debian's package keeps the modules where modprobe does not look.
mkdir -p /run/mod/lib/modules
ln -s "/usr/lib/uml/modules/$(uname -r)" /run/mod/lib/modules/
modprobe -a -d /run/mod 8021q bridge veth af_packet iptable_filter ip_set ip_set_hash_net ip_set_hash_netiface \
    xt_set xt_conntrack xt_comment xt_multiport xt_iprange ipt_REJECT 2>/mnt/modprobe.log
ip link set lo up
"$LAB_BIN/moxxie-lab" --bin "$LAB_BIN" --out /mnt ${LAB_BREAK:+--break "$LAB_BREAK"} >/mnt/stdout 2>&1
echo $? >/mnt/rc
busybox poweroff -f
