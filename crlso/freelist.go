package crlso

import (
	"sync"

	"github.com/gomlx/compute"
)

// freeList keeps what is expensive to make and can serve one user at a time, such as compiled programs with their
// weights, for the next one who asks for the same kind. The zero value is empty; it must not be copied after first use.
type freeList[K comparable, T any] struct {
	mu   sync.Mutex
	idle map[K][]T
	made map[K]int // how many so far
}

// take returns what was put back under the key, or else what make makes, with the [client] of the backend whose turn it is.
func (f *freeList[K, T]) take(key K, backend compute.Backend, make func(compute.Backend) (T, error)) (T, error) {
	f.mu.Lock()
	if idle := f.idle[key]; len(idle) > 0 {
		last := len(idle) - 1
		f.idle[key] = idle[:last]
		f.mu.Unlock()
		return idle[last], nil
	}
	n := f.made[key]
	if f.made == nil {
		f.made = map[K]int{}
	}
	f.made[key]++
	f.mu.Unlock()
	backend, err := client(backend, n)
	if err != nil {
		var none T
		return none, err
	}
	return make(backend)
}

// put keeps an item for the next user.
func (f *freeList[K, T]) put(key K, item T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.idle == nil {
		f.idle = make(map[K][]T)
	}
	f.idle[key] = append(f.idle[key], item)
}
