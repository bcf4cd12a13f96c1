package lambda

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// checkBootstrap refuses a bootstrap that this machine cannot execute. One that
// is missing is an error of the invocation, as on AWS.
func checkBootstrap(code fs.FS, rt types.Runtime) error {
	if !isProvided(rt) {
		return nil
	}
	file, err := code.Open("bootstrap")
	if err != nil {
		return nil // missing: see above
	}
	defer file.Close() //nolint:errcheck // opened to be read
	head := make([]byte, 4096)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	here := runtime.GOOS + "/" + runtime.GOARCH
	built := platforms(head[:n])
	switch {
	case len(built) == 0:
		return invalid("The bootstrap in the package is neither an executable nor a script that starts with #!, so this machine (" + here + ") cannot run it.")
	case built[0] == script, slices.Contains(built, here):
		return nil
	}
	return invalid("The bootstrap in the package is built for " + strings.Join(built, ", ") + ", this machine runs " + here +
		": build without GOOS and GOARCH.")
}

func isProvided(rt types.Runtime) bool {
	return rt == types.RuntimeProvidedal2023 || rt == types.RuntimeProvidedal2
}

const script = "script"

// platforms reads the head of an executable: what it is built for, as GOOS/GOARCH.
func platforms(head []byte) []string {
	switch {
	case len(head) >= 2 && string(head[:2]) == "#!":
		return []string{script}
	case len(head) >= 20 && string(head[:4]) == "\x7fELF":
		return []string{elf(head)}
	case len(head) >= 8 && binary.LittleEndian.Uint32(head) == 0xfeedfacf:
		return []string{"darwin/" + machO(binary.LittleEndian.Uint32(head[4:]))}
	case len(head) >= 8 && binary.BigEndian.Uint32(head) == 0xcafebabe:
		var list []string
		for i := range min(int(binary.BigEndian.Uint32(head[4:])), 8) {
			if at := 8 + 20*i; at+4 <= len(head) {
				list = append(list, "darwin/"+machO(binary.BigEndian.Uint32(head[at:])))
			}
		}
		return list
	case len(head) >= 0x40 && string(head[:2]) == "MZ":
		return []string{"windows/" + portable(head)}
	}
	return nil
}

func elf(head []byte) string {
	order := binary.ByteOrder(binary.LittleEndian)
	if head[5] == 2 {
		order = binary.BigEndian
	}
	system := "linux"
	if head[7] == 9 {
		system = "freebsd"
	}
	names := map[uint16]string{3: "386", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv64", 22: "s390x", 21: "ppc64le"}
	return system + "/" + known(names[order.Uint16(head[18:])])
}

func machO(cpu uint32) string {
	return known(map[uint32]string{0x01000007: "amd64", 0x0100000c: "arm64"}[cpu])
}

func portable(head []byte) string {
	at := int(binary.LittleEndian.Uint32(head[0x3c:]))
	if at < 0 || at+6 > len(head) {
		return known("")
	}
	return known(map[uint16]string{0x8664: "amd64", 0xaa64: "arm64", 0x14c: "386"}[binary.LittleEndian.Uint16(head[at+4:])])
}

func known(arch string) string {
	if arch == "" {
		return "another processor"
	}
	return arch
}
