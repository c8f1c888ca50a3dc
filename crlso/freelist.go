package crlso

import "sync"

// freeList keeps what is expensive to make and can serve one user at a time, such as compiled programs with their
// weights, for the next one who asks for the same kind. The zero value is empty; it must not be copied after first use.
type freeList[K comparable, T any] struct {
	mu   sync.Mutex
	idle map[K][]T
}

// take returns what was put back under the key, or else what make makes.
func (f *freeList[K, T]) take(key K, make func() (T, error)) (T, error) {
	f.mu.Lock()
	if idle := f.idle[key]; len(idle) > 0 {
		last := len(idle) - 1
		f.idle[key] = idle[:last]
		f.mu.Unlock()
		return idle[last], nil
	}
	f.mu.Unlock()
	return make()
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
