# The first process of a host: makes the host's own folders, then becomes its SSH server.
#
#   host_init.sh FOLDER HOME KEPT...
#
# FOLDER holds what the host has for itself, each at its own path. What lies below a folder that the
# host has for itself, and has to be seen all the same, is KEPT.
set -eu
folder=$1
home=$2
shift 2

# A name server that nobody can reach would be waited for.
if [ -e /etc/resolv.conf ]; then
    echo "nameserver 127.0.0.1" > "$folder/resolv.conf"
    mount --bind "$folder/resolv.conf" /etc/resolv.conf
fi

for path in "$@"; do
    for own in /tmp /run "$home"; do
        case "$path/" in
        "$own"/*)
            mkdir -p "$folder$path"
            mount --rbind "$path" "$folder$path"
            ;;
        esac
    done
done
for own in /tmp /run "$home"; do
    mount --rbind "$folder$own" "$own"
done
mount -t tmpfs -o size=1g graphray /dev/shm

exec "$(command -v sshd)" -D -e -f "$folder/sshd_config"
