using System.Runtime.InteropServices;
using System.Text;

namespace Tenon.Nodes.Netlink;

/// <summary>
/// Checksum offload of an interface (ethtool(8), ETHTOOL_STXCSUM). A userspace switch sees packets whose checksum the kernel has left to hardware that is not
/// there, so it is turned off on both ends of a pair.
/// </summary>
internal static class Offloads
{
    private const uint SetTransmitChecksum = 0x17;
    private const int NotSupported = 95;

    /// <summary>Turns it off in the calling thread's namespace; an interface that has none is left as it is.</summary>
    public static unsafe void TurnOff(string name)
    {
        int descriptor = Native.Socket(Native.AfInet, Native.SockDatagram | Native.CloseOnExec, 0);
        if (descriptor < 0) throw new NetlinkException("open a socket", Marshal.GetLastPInvokeError());
        try
        {
            uint* value = stackalloc uint[2];
            (value[0], value[1]) = (SetTransmitChecksum, 0);
            var request = new Native.EthtoolRequest { Data = (nint)value };
            Encoding.UTF8.GetBytes(name).AsSpan().CopyTo(new Span<byte>(request.Name, 15));
            if (Native.IoControl(descriptor, Native.SiocEthtool, ref request) < 0 && Marshal.GetLastPInvokeError() is var error and not NotSupported)
                throw new NetlinkException($"turn checksum offload of {name} off", error);
        }
        finally
        {
            _ = Native.Close(descriptor);
        }
    }
}
