package bench

import "os"

var interrupt = os.Kill
