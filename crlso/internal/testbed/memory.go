package testbed

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
)

// ResetPeakMemory gives back what is no longer in use and makes peakMemory begin anew, where the
// system can.
func ResetPeakMemory() {
	debug.FreeOSMemory()
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// PeakMemory is the process's largest resident size since resetPeakMemory, in MB; 0 where the
// system does not say.
func PeakMemory(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kB, err := strconv.ParseFloat(number, 64)
	if err != nil {
		b.Fatal(err)
	}
	return kB / 1024
}
