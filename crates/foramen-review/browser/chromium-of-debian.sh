#!/bin/sh
# Debian's Chromium in a folder of its own, without installing anything:
#   sh chromium-of-debian.sh FOLDER
# prints the program to start.
set -eu
folder=$1
start="$folder/chromium"
if [ ! -x "$start" ]; then
    rm -rf "$folder"
    mkdir -p "$folder/packages" "$folder/root"
    cd "$folder/packages"
    needed=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
        --no-replaces --no-enhances chromium-headless-shell | grep '^[a-z0-9]' | sort -u)
    missing=$(for package in $needed; do
        dpkg -s "$package" >/dev/null 2>&1 || echo "$package"
    done)
    # shellcheck disable=SC2086
    apt-get download $missing >/dev/null 2>&1
    for package in *.deb; do
        dpkg -x "$package" "$folder/root"
    done
    rm -rf "$folder/packages"
    libraries=$(find "$folder/root/usr/lib" -name '*.so*' -exec dirname {} + | sort -u | tr '\n' ':')
    program=$(find "$folder/root/usr/lib" -name chromium-headless-shell -type f | head -n 1)
    test -x "$program"
    printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" "$@"\n' "$libraries" "$program" >"$start.partial"
    chmod +x "$start.partial"
    mv "$start.partial" "$start"
fi
echo "$start"
