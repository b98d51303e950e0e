using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>The Open vSwitch of each compute host of the test cloud; the first host is the machine itself, the others are network namespaces.</summary>
internal static class HostSwitch
{
    private const string First = "compute1";
    private static readonly string[] s_hosts = [First, "compute2", "compute3"];

    /// <summary>The host's network namespace; nothing for the machine's own.</summary>
    public static string? NamespaceOf(string host) => host == First ? null : host;

    /// <summary>Where its switch has its sockets.</summary>
    public static string FolderOf(string host) => host == First ? "/run/openvswitch" : $"/run/testcloud/{host}";

    /// <summary>Makes every host's connection tracking forget what it has seen.</summary>
    public static Task ForgetConnectionsAsync() => Task.WhenAll(s_hosts.Select(async host =>
    {
        Ended ended = await Tool.RunAsync("ovs-appctl", ["-t", $"{FolderOf(host)}/ovs-vswitchd.ctl", "dpctl/flush-conntrack"]);
        ended.Code.ShouldBe(0, ended.ToString());
    }));
}
