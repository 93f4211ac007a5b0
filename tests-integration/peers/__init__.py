"""The other end of every scene: servers, certificates, and interpreters of their own."""
