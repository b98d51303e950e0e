using System.Net.Sockets;

namespace Tenon.Nodes.Plugging;

/// <summary>The control sockets of a daemon of Open vSwitch or OVN (<c>PROGRAM.PID.ctl</c>, ovs-appctl(8)): as long as it lives, it listens there.</summary>
/// <param name="folder">Where they are.</param>
/// <param name="program">The daemon's name.</param>
internal sealed class ControlSockets(string folder, string program)
{
    private bool _seen;

    /// <summary>
    /// Whether it ran and runs no more: sockets are left at which nobody listens, or it was seen here before. Where none was ever seen, it may well run with its
    /// socket elsewhere, such as in a container.
    /// </summary>
    public bool HasEnded()
    {
        string[] sockets = Directory.Exists(folder) ? Directory.GetFileSystemEntries(folder, $"{program}.*.ctl") : [];
        if (!sockets.Any(IsServed)) return sockets.Length > 0 || _seen;
        _seen = true;
        return false;
    }

    private static bool IsServed(string path)
    {
        // It does not wait: one that hangs takes no more callers after a while, and runs all the same.
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode != SocketError.ConnectionRefused && File.Exists(path);
        }
    }
}
