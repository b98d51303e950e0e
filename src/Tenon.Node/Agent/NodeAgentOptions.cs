using System.Text.Json.Nodes;
using Tenon.Nodes.Cni;

namespace Tenon.Nodes.Agent;

/// <summary>What a node's agent is told.</summary>
public sealed record NodeAgentOptions
{
    /// <summary>The Node's name, as the kubelet registered it.</summary>
    public required string NodeName { get; init; }

    /// <summary>Where the plugin finds the agent.</summary>
    public string Socket { get; init; } = CniWire.DefaultSocket;

    /// <summary>The folder of what is remembered until the next reboot; on a file system that a reboot empties.</summary>
    public string StateFolder { get; init; } = "/run/tenon/attachments";

    /// <summary>The socket of Open vSwitch's database.</summary>
    public string DatabaseSocket { get; init; } = "/run/openvswitch/db.sock";

    /// <summary>The bridge of OVN's interfaces.</summary>
    public string IntegrationBridge { get; init; } = "br-int";

    /// <summary>The bridge that carries the node's trunk where the kernel has no VLAN interfaces; <see langword="null"/> is none.</summary>
    public string? TrunkBridge { get; init; }

    /// <summary>Where OVN's controller has its control socket.</summary>
    public string OvnFolder { get; init; } = "/run/ovn";

    /// <summary>Where the container runtime has the containers' network namespaces.</summary>
    public string NamespaceFolder { get; init; } = "/run/netns";

    /// <summary>How long an ADD waits for the pod's port, and for packets to flow.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often leftovers are looked for.</summary>
    public TimeSpan SweepPeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often it is looked whether pods can be plugged.</summary>
    public TimeSpan ReadinessPeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The plugin to install; <see langword="null"/> installs nothing.</summary>
    public string? Plugin { get; init; }

    /// <summary>Where the container runtime looks for plugins.</summary>
    public string PluginFolder { get; init; } = "/opt/cni/bin";

    /// <summary>Where the container runtime looks for configurations.</summary>
    public string ConfigurationFolder { get; init; } = "/etc/cni/net.d";

    /// <summary>The plugins that the container runtime calls after the installed one (<see cref="CniChain"/>).</summary>
    public IReadOnlyList<JsonObject> Chain { get; init; } = [];
}
