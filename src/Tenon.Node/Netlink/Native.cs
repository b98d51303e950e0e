using System.Runtime.InteropServices;

namespace Tenon.Nodes.Netlink;

/// <summary>The system calls that .NET does not wrap.</summary>
internal static partial class Native
{
    public const int AfNetlink = 16;
    public const int AfInet = 2;
    public const int SockRaw = 3;
    public const int SockDatagram = 2;
    public const int CloseOnExec = 0x80000;
    public const int NetlinkRoute = 0;
    public const int CloneNewNet = 0x40000000;
    public const int ReadOnly = 0;
    public const int NonBlocking = 0x800;
    public const nuint SiocEthtool = 0x8946;
    public const nuint NamespaceGetType = 0xb703;
    public const int SolNetlink = 270;
    public const int NetlinkCapAcknowledge = 10;
    public const int NetlinkExtendedAcknowledge = 11;
    private const short PollHungUp = 0x10;

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int descriptor, ReadOnlySpan<byte> buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int descriptor, Span<byte> buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    public static partial int SetNamespace(int descriptor, int type);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetSocketOption(int descriptor, int level, int name, ref int value, uint length);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int IoControl(int descriptor, nuint request, ref EthtoolRequest argument);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int IoControl(int descriptor, nuint request, nint argument);

    /// <summary>Whether both sides of a stream socket are closed (POLLHUP); one that only writes no more is not.</summary>
    public static bool IsHungUp(int socket)
    {
        var descriptor = new PollDescriptor { Descriptor = socket };
        return Poll(ref descriptor, 1, 0) > 0 && (descriptor.Returned & PollHungUp) != 0;
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int milliseconds);

    /// <summary>A struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    /// <summary>A struct ifreq whose data points to a struct ethtool_value.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct EthtoolRequest
    {
        public fixed byte Name[16];
        public nint Data;
        private fixed byte _rest[16];
    }
}
