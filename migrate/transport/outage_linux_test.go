package transport

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// The tests of an outage run two processes of this program in a network of their
// own: a service that takes the network away, and a client that writes meanwhile.
const (
	roleVariable    = "CHATBRIDGE_TEST_ROLE"    // service or client
	endingVariable  = "CHATBRIDGE_TEST_ENDING"  // how the request ends
	addressVariable = "CHATBRIDGE_TEST_ADDRESS" // of the service

	leftAlone = "left alone for the settle time" // an ending
)

func init() {
	var err error
	switch os.Getenv(roleVariable) {
	case "":
		return
	case "service":
		err = outage(os.Getenv(endingVariable))
	case "client":
		err = caughtInAnOutage(os.Getenv(addressVariable), os.Getenv(endingVariable))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// A request that our kernel still holds when its time is over is not delivered when
// the network is back, however it ended.
func TestNothingIsDeliveredAfterAnOutage(t *testing.T) {
	for _, ending := range []string{"given up", "killed", leftAlone} {
		t.Run(ending, func(t *testing.T) {
			var said bytes.Buffer
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), roleVariable+"=service", endingVariable+"="+ending)
			cmd.Stderr = &said
			cmd.SysProcAttr = &syscall.SysProcAttr{
				Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
				UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
				GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
			}
			if err := cmd.Start(); err != nil {
				t.Skipf("it takes a network namespace (%v): allow them with sysctl user.max_user_namespaces=1000 and, where it exists, kernel.unprivileged_userns_clone=1; in a container, with the privilege SYS_ADMIN", err)
			}
			require.NoError(t, cmd.Wait(), "%s", &said)
		})
	}
}

// outage is the service: it answers one request, takes the network away, has the
// client write, and says what it got when the network was back.
func outage(ending string) error {
	if err := setLoopback(true); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	client := exec.Command(os.Args[0])
	client.Env = append(os.Environ(), roleVariable+"=client", addressVariable+"="+l.Addr().String())
	client.Stderr = os.Stderr
	tell, err := client.StdinPipe()
	if err != nil {
		return err
	}
	out, err := client.StdoutPipe()
	if err != nil {
		return err
	}
	if err := client.Start(); err != nil {
		return err
	}
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n"); err != nil {
		return err
	}
	said := bufio.NewScanner(out)
	if err := hears(said, "connected"); err != nil {
		return err
	}
	if err := setLoopback(false); err != nil {
		return err
	}
	if _, err := io.WriteString(tell, "write\n"); err != nil {
		return err
	}
	if err := hears(said, "written"); err != nil {
		return err
	}
	if n, err := unsent(); err != nil || ending != leftAlone && n == 0 {
		return cmp.Or(err, errors.New("the kernel holds nothing"))
	}
	if ending == "killed" {
		if err := client.Process.Kill(); err != nil {
			return err
		}
		_ = client.Wait() // it was killed
	} else {
		if _, err := io.WriteString(tell, "end\n"); err != nil {
			return err
		}
		if err := hears(said, "ended"); err != nil {
			return err
		}
	}
	if n, err := unsent(); err != nil || n != 0 {
		return cmp.Or(err, fmt.Errorf("the kernel still has something to send for %d connections", n))
	}
	if err := setLoopback(true); err != nil {
		return err
	}
	// Whoever is gone answers this with a reset.
	if _, err := io.WriteString(conn, "x"); err != nil {
		return err
	}
	got, err := io.ReadAll(conn)
	if len(got) > 0 || !errors.Is(err, syscall.ECONNRESET) {
		return fmt.Errorf("arrived after all: %q, %w", got, err)
	}
	return nil
}

func hears(s *bufio.Scanner, want string) error {
	if !s.Scan() || s.Text() != want {
		return fmt.Errorf("the client said %q and not %q: %w", s.Text(), want, s.Err())
	}
	return nil
}

// caughtInAnOutage is the client: its second request gets no further than its kernel.
func caughtInAnOutage(address, ending string) error {
	settle := time.Hour
	if ending == leftAlone {
		settle = 300 * time.Millisecond
	}
	base := NewBase(1)
	base.DialContext = Dial(settle)
	resp, err := base.RoundTrip(request(context.Background(), http.MethodGet, address))
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	fmt.Println("connected")
	told := bufio.NewScanner(os.Stdin)
	told.Scan()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	written := make(chan struct{})
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(written) }})
	go func() {
		<-written
		fmt.Println("written")
		told.Scan()
		if ending == "given up" {
			cancel()
		}
	}()
	_, err = base.RoundTrip(request(ctx, http.MethodPost, address))
	if ending == "given up" && !errors.Is(err, context.Canceled) || ending != "given up" && !errors.Is(err, syscall.ETIMEDOUT) {
		return fmt.Errorf("the request ended with %w", err)
	}
	base.CloseIdleConnections()
	fmt.Println("ended")
	told.Scan()
	return nil
}

func request(ctx context.Context, method, address string) *http.Request {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+address, strings.NewReader(""))
	if err != nil {
		panic(err)
	}
	return req
}

// unsent counts the TCP connections of this network with something left to send.
func unsent() (n int, err error) {
	raw, err := os.ReadFile("/proc/self/net/tcp")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		const queues = 4
		if len(fields) > queues && fields[3] != "st" && !strings.HasPrefix(fields[queues], "00000000:") {
			n++
		}
	}
	return n, nil
}

// setLoopback switches the only interface of this network on or off.
func setLoopback(up bool) error {
	s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(s)
	request := struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{name: [syscall.IFNAMSIZ]byte{'l', 'o'}}
	if up {
		request.flags = syscall.IFF_UP
	}
	if _, _, no := syscall.Syscall(syscall.SYS_IOCTL, uintptr(s), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); no != 0 {
		return os.NewSyscallError("ioctl", no)
	}
	return nil
}
