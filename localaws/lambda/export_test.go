package lambda

// HoldPackages keeps the service from unpacking and sweeping until release.
func HoldPackages(s *Service) (release func()) {
	s.packages.Lock()
	return s.packages.Unlock
}
