using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>The Open vSwitch of each compute host of the test cloud; the first host is the machine itself, the others are network namespaces.</summary>
internal static class HostSwitch
{
    private const string First = "compute1";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private static readonly string[] s_hosts = [First, "compute2", "compute3"];

    /// <summary>The host's network namespace; nothing for the machine's own.</summary>
    public static string? NamespaceOf(string host) => host == First ? null : host;

    /// <summary>Where its switch has its sockets.</summary>
    public static string FolderOf(string host) => host == First ? "/run/openvswitch" : $"/run/testcloud/{host}";

    /// <summary>Makes every host's connection tracking forget what it has seen.</summary>
    public static Task ForgetConnectionsAsync() => Task.WhenAll(s_hosts.Select(async host =>
    {
        // A switch that has crashed is started again by the test cloud.
        Ended? ended = null;
        await Eventually.UntilAsync($"the switch of {host} forgets its connections", s_limit, async () =>
        {
            ended = await Tool.RunAsync("ovs-appctl", ["-T", "20", "-t", $"{FolderOf(host)}/ovs-vswitchd.ctl", "dpctl/flush-conntrack"]);
            return ended.Code == 0;
        }, () => $"{ended}");
    }));
}
