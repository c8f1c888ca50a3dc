//go:build !noxla && cgo && linux

package compilecache

// #include <stdlib.h>
// #include "pjrt.h"
import "C"

import (
	"os"
	"strings"
	"unsafe"
)

const xlaFlags = "XLA_FLAGS"

// noYNN is a flag of XLA's that says which operations the library YNNPACK computes; here none: a
// call takes longer than the small products and sums of these networks. A round of the ensemble
// takes half the processor time without it, joint training as long as with it (go test ./crlso
// -bench JointEpoch, ./crlso/ensemble -bench Round).
var noYNN = "xla_cpu_experimental_ynn_fusion_type"

// compile compiles a program without YNNPACK. A plugin of another version may not know that option,
// and the user may have set it: then it compiles by the options that it was given.
func compile(args *C.PJRT_Client_Compile_Args) *C.PJRT_Error {
	if strings.Contains(os.Getenv(xlaFlags), noYNN) {
		return C.compile(args)
	}
	given, size := args.compile_options, args.compile_options_size
	options := append(C.GoBytes(unsafe.Pointer(given), C.int(size)), setToNothing(noYNN)...)
	args.compile_options, args.compile_options_size = (*C.char)(C.CBytes(options)), C.size_t(len(options))
	err := C.compile(args)
	C.free(unsafe.Pointer(args.compile_options))
	args.compile_options, args.compile_options_size = given, size
	if C.failed(err) != 0 {
		return C.compile(args)
	}
	return nil
}

// setToNothing is an entry of the map env_option_overrides of XLA's CompileOptionsProto, as
// protocol buffers write it: the name of a flag, and the empty string.
func setToNothing(flag string) []byte {
	const name, value, overrides = 1<<3 | 2, 2<<3 | 2, 7<<3 | 2 // field numbers, and that a length follows
	entry := append([]byte{name, byte(len(flag))}, flag...)
	entry = append(entry, value, 2, 1<<3|2, 0)
	return append([]byte{overrides, byte(len(entry))}, entry...)
}
