using System.Runtime.InteropServices;
using Tenon.Nodes.Netlink;

namespace Tenon.Nodes.Tests.Support;

/// <summary>Network namespaces without a name: they are gone when the last descriptor is closed, so at the latest with this process.</summary>
internal static partial class Namespaces
{
    private const int CloneNewNet = 0x40000000;

    /// <summary>Why they cannot be made here; <see langword="null"/> when it can.</summary>
    public static string? WhyNot { get; } = FindWhyNot();

    /// <summary>Skips the caller where namespaces cannot be made.</summary>
    public static void Require()
    {
        if (WhyNot is { } why) Limits.Skip(why);
    }

    /// <summary>Makes one, with loopback up.</summary>
    public static NetworkNamespace Create()
    {
        NetworkNamespace? made = null;
        var thread = new Thread(() =>
        {
            if (Unshare(CloneNewNet) == 0) made = NetworkNamespace.Current();
        });
        thread.Start();
        thread.Join();
        NetworkNamespace space = made ?? throw new InvalidOperationException("no network namespace could be made");
        space.Run(() =>
        {
            using NetlinkSocket socket = NetlinkSocket.Open();
            Links.SetUp(socket, Links.Find(socket, "lo")!);
        });
        return space;
    }

    /// <summary>A path by which other processes find a namespace while this process has it open.</summary>
    public static string PathOf(NetworkNamespace space) => $"/proc/{Environment.ProcessId}/fd/{space.Descriptor}";

    /// <summary>The interfaces of a namespace besides loopback.</summary>
    public static List<Link> LinksIn(NetworkNamespace space)
    {
        using NetlinkSocket socket = NetlinkSocket.Open(space);
        return [.. Links.List(socket).Where(l => l.Name != "lo")];
    }

    private static string? FindWhyNot()
    {
        if (Environment.UserName != "root") return "network namespaces need root";
        string? why = null;
        var thread = new Thread(() =>
        {
            if (Unshare(CloneNewNet) != 0) why = $"network namespaces cannot be made here (errno {Marshal.GetLastPInvokeError()})";
        });
        thread.Start();
        thread.Join();
        return why;
    }

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int flags);
}
