using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

internal sealed class Flavor
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required int Ram { get; init; }

    public required int Disk { get; init; }

    public required int Vcpus { get; init; }

    public int Ephemeral { get; init; }

    public int Swap { get; init; }

    public bool IsPublic { get; init; } = true;

    public string? Description { get; set; }

    public SortedDictionary<string, string> ExtraSpecs { get; } = new(StringComparer.Ordinal);
}

/// <summary>Nova's vm_state values.</summary>
internal static class VmStates
{
    public const string Building = "building";
    public const string Active = "active";
    public const string Stopped = "stopped";
    public const string Paused = "paused";
    public const string Suspended = "suspended";
    public const string Rescued = "rescued";
    public const string Resized = "resized";
    public const string Shelved = "shelved";
    public const string ShelvedOffloaded = "shelved_offloaded";
    public const string Error = "error";
    public const string Deleted = "deleted";
    public const string SoftDeleted = "soft-delete";
}

/// <summary>What happened to a server, as os-instance-actions shows it.</summary>
internal sealed class InstanceAction
{
    public required string Action { get; init; }

    public required string RequestId { get; init; }

    public required string UserId { get; init; }

    public required string ProjectId { get; init; }

    public required DateTimeOffset Start { get; init; }

    public DateTimeOffset? Finish { get; set; }

    public string? Message { get; set; }

    /// <summary>The name of what the compute host does for it.</summary>
    public required string Event { get; init; }
}

internal sealed class Server
{
    public required string Id { get; init; }

    public required string Name { get; set; }

    public required string ProjectId { get; init; }

    public required string UserId { get; init; }

    public required Flavor Flavor { get; set; }

    /// <summary>The flavor before a resize that is not confirmed.</summary>
    public Flavor? OldFlavor { get; set; }

    public string? ImageId { get; set; }

    public string? KeyName { get; init; }

    /// <summary>The zone asked for, until there is a host, whose zone it is then; empty where none was asked for.</summary>
    public required string Zone { get; set; }

    public required string RequestedZone { get; init; }

    /// <summary>Empty for a server that no host runs.</summary>
    public required string Host { get; set; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset Updated { get; set; }

    public DateTimeOffset? Launched { get; set; }

    public string VmState { get; set; } = VmStates.Building;

    public string? TaskState { get; set; }

    /// <summary>0 none, 1 running, 3 paused, 4 shut down, 7 suspended.</summary>
    public int PowerState { get; set; }

    public SortedDictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    public List<string> Tags { get; } = [];

    public string? Description { get; set; }

    public bool Locked { get; set; }

    public string? LockedReason { get; set; }

    public string AccessIPv4 { get; set; } = "";

    public string AccessIPv6 { get; set; } = "";

    public bool ConfigDrive { get; init; }

    public string? UserData { get; init; }

    public required string Hostname { get; set; }

    public required string ReservationId { get; init; }

    public int LaunchIndex { get; init; }

    public required string InstanceName { get; init; }

    public string? ServerGroupId { get; init; }

    public string DiskConfig { get; init; } = "MANUAL";

    /// <summary>What is asked of Neutron while the server builds.</summary>
    public ImmutableArray<RequestedNic> Nics { get; init; } = [];

    /// <summary>The security groups for ports that Nova makes, by ID; null for the default one.</summary>
    public ImmutableArray<string>? SecurityGroups { get; init; }

    /// <summary>The names of the groups asked for, shown until there are ports.</summary>
    public ImmutableArray<string> SecurityGroupNames { get; init; } = ["default"];

    /// <summary>The ports that Nova made and deletes with the server.</summary>
    public HashSet<string> OwnPorts { get; } = new(StringComparer.Ordinal);

    public (DateTimeOffset Created, string Message)? Fault { get; set; }

    public List<InstanceAction> Actions { get; } = [];

    /// <summary>
    /// Whether the scheduler has given it to a host. Until then Nova has only the request: it can be shown and deleted, anything else about it is
    /// not found.
    /// </summary>
    public bool Scheduled { get; set; }

    /// <summary>When it was deleted; null while it is there.</summary>
    public DateTimeOffset? Terminated { get; set; }

    /// <summary>Counts changes of state, so that a transition that was overtaken does nothing.</summary>
    public int Generation { get; set; }

    /// <summary>A hash of host and project, as users see the host.</summary>
    public string HostId => Host.Length == 0 || !Scheduled
        ? ""
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ProjectId + Host)))[..56];

    public string Status => ServerStatuses.Of(VmState, TaskState);
}

/// <summary>One entry of a server's <c>networks</c>.</summary>
internal sealed record RequestedNic(string? NetworkId, string? PortId, string? FixedIp, string? Tag)
{
    /// <summary>Whether the asker may not attach to the network, which Nova finds out when the server builds.</summary>
    public bool Forbidden { get; init; }
}

internal sealed class Keypair
{
    public required string Name { get; init; }

    public required string UserId { get; init; }

    public required string PublicKey { get; init; }

    public required string Fingerprint { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required int Id { get; init; }

    public string Type { get; init; } = "ssh";
}

internal sealed class ServerGroup
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Policy { get; init; }

    public JsonObject Rules { get; init; } = [];

    public required string ProjectId { get; init; }

    public required string UserId { get; init; }
}

/// <summary>A hypervisor: one a zone.</summary>
internal sealed record ComputeHost(int Id, string Name, string Zone, string Uuid, string ServiceUuid)
{
    public const int Vcpus = 1000;
    public const int MemoryMb = 800_000;
    public const int DiskGb = 600_000;

    public bool Enabled { get; set; } = true;

    public bool ForcedDown { get; set; }
}

/// <summary>What a region's Nova knows. Guarded by the region's gate.</summary>
internal sealed class ComputeState(RegionContext context)
{
    /// <summary>Nova's quota by resource; -1 is unlimited.</summary>
    public static readonly ImmutableDictionary<string, int> DefaultQuota = new Dictionary<string, int>
    {
        ["cores"] = 10_000, ["fixed_ips"] = -1, ["floating_ips"] = -1, ["injected_file_content_bytes"] = 10240, ["injected_file_path_bytes"] = 255,
        ["injected_files"] = 5, ["instances"] = 2000, ["key_pairs"] = 100, ["metadata_items"] = 128, ["ram"] = 40_960_000, ["security_group_rules"] = -1,
        ["security_groups"] = -1, ["server_group_members"] = 100, ["server_groups"] = 100,
    }.ToImmutableDictionary(StringComparer.Ordinal);

    private const int MostDeleted = 10_000;
    private int _instances;

    public RegionContext Context => context;

    public ResourceTable<Server> Servers { get; } = new();

    /// <summary>Servers that were deleted, the newest last; lists of changes have them.</summary>
    public ResourceTable<Server> Deleted { get; } = new();

    public ResourceTable<Flavor> Flavors { get; } = new();

    public ResourceTable<ServerGroup> Groups { get; } = new();

    public List<Keypair> Keypairs { get; } = [];

    public List<ComputeHost> Hosts { get; } = [.. context.Zones.Select((zone, i) => new ComputeHost(
        i + 1, context.Hosts[i], zone, Text.NewUuid(), Text.NewUuid()))];

    public Dictionary<string, Dictionary<string, int>> Quotas { get; } = new(StringComparer.Ordinal);

    public int NextInstance() => ++_instances;

    /// <summary>Takes a server out of the present.</summary>
    public void Bury(Server server)
    {
        Servers.Remove(server.Id);
        if (Deleted.Count == MostDeleted) Deleted.Remove(Deleted.First().Id);
        Deleted.Add(server.Id, server);
    }

    public int Quota(string projectId, string resource)
        => Quotas.TryGetValue(projectId, out Dictionary<string, int>? own) && own.TryGetValue(resource, out int limit) ? limit : DefaultQuota[resource];

    public IEnumerable<Server> ServersOf(string? projectId) => Servers.Where(s => s.ProjectId == projectId);

    /// <summary>How much of a resource a project uses.</summary>
    public int Used(string projectId, string resource) => resource switch
    {
        "instances" => ServersOf(projectId).Count(),
        "cores" => ServersOf(projectId).Sum(s => s.Flavor.Vcpus),
        "ram" => ServersOf(projectId).Sum(s => s.Flavor.Ram),
        "server_groups" => Groups.Count(g => g.ProjectId == projectId),
        _ => 0,
    };
}
