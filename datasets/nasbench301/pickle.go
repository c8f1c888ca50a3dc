package nasbench301

import (
	"errors"
	"fmt"
	"io"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/cr-lso/cr-lso/datasets/internal/pydata"
)

// pickledBooster is an object of the class xgboost.core.Booster. Its handle is the serialised
// model.
type pickledBooster struct{ handle []byte }

func (*pickledBooster) PyNew(...any) (any, error) { return new(pickledBooster), nil }

func (b *pickledBooster) PyDictSet(key, value any) error {
	if key == "handle" {
		array, ok := value.(*types.ByteArray)
		if !ok {
			return fmt.Errorf("the Booster's handle is a %T, want a bytearray", value)
		}
		b.handle = *array
	}
	return nil
}

// byteArray is the class bytearray.
type byteArray struct{}

func (byteArray) Call(args ...any) (any, error) {
	if len(args) == 1 {
		if content, ok := args[0].([]byte); ok {
			return types.NewByteArrayFromSlice(content), nil
		}
	}
	return nil, errors.New("a bytearray is not made of bytes")
}

// maxModel is far above the size of a member of the ensemble.
const maxModel = 512 << 20

// unpickle reads a member of the ensemble.
func unpickle(file io.Reader) (*booster, error) {
	value, err := pydata.Unpickle(file, maxModel, func(module, name string) (any, error) {
		switch module + "." + name {
		case "xgboost.core.Booster":
			return new(pickledBooster), nil
		case "builtins.bytearray":
			return byteArray{}, nil
		}
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	object, ok := value.(*pickledBooster)
	switch {
	case !ok:
		return nil, fmt.Errorf("the pickle holds a %T, want an xgboost.core.Booster", value)
	case object.handle == nil:
		return nil, errors.New("the Booster has no handle")
	}
	return deserialise(object.handle)
}
