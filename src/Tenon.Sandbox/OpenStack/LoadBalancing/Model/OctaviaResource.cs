using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Model;

/// <summary>Provisioning and operating statuses.</summary>
internal static class Status
{
    public const string Active = "ACTIVE";
    public const string Error = "ERROR";
    public const string PendingCreate = "PENDING_CREATE";
    public const string PendingUpdate = "PENDING_UPDATE";
    public const string PendingDelete = "PENDING_DELETE";
    public const string Online = "ONLINE";
    public const string Offline = "OFFLINE";
    public const string NoMonitor = "NO_MONITOR";
}

/// <summary>What all of Octavia's resources have. Mutable; guarded by the region's gate.</summary>
internal abstract class OctaviaResource
{
    public required string Id { get; init; }

    public required string ProjectId { get; init; }

    public string Name { get; set; } = "";

    public string Description { get; set; } = "";

    public bool AdminStateUp { get; set; } = true;

    public ImmutableArray<string> Tags { get; set; } = [];

    public string Provisioning { get; set; } = Status.PendingCreate;

    public string Operating { get; set; } = Status.Offline;

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? UpdatedAt { get; set; }
}

/// <summary>A further address of a load balancer; null where it was asked for and never made.</summary>
internal sealed record AdditionalVip(string SubnetId, Ip? Address) : IJson
{
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("subnet_id", SubnetId);
        writer.WriteString("ip_address", Address?.ToString());
        writer.WriteEndObject();
    }
}

internal sealed class LoadBalancer : OctaviaResource
{
    public required string Provider { get; init; }

    public string? FlavorId { get; init; }

    public string? Zone { get; init; }

    public Ip VipAddress { get; set; }

    public string VipPortId { get; set; } = "";

    public string VipSubnetId { get; set; } = "";

    public string VipNetworkId { get; set; } = "";

    public string? VipQosPolicyId { get; set; }

    /// <summary>Whether the VIP's port is Octavia's own and goes with the load balancer.</summary>
    public bool OwnsPort { get; set; }

    public ImmutableArray<AdditionalVip> AdditionalVips { get; set; } = [];

    public List<Listener> Listeners { get; } = [];

    public List<Pool> Pools { get; } = [];

    /// <summary>Everything below it.</summary>
    public IEnumerable<OctaviaResource> Children()
        => Listeners.Concat<OctaviaResource>(Listeners.SelectMany(l => l.Policies)).Concat(Listeners.SelectMany(l => l.Policies).SelectMany(p => p.Rules))
            .Concat(Pools).Concat(Pools.SelectMany(p => p.Members.Values)).Concat(Pools.Select(p => p.Monitor).OfType<HealthMonitor>());
}

internal sealed class Listener : OctaviaResource
{
    /// <summary>Milliseconds; so are all of a listener's times.</summary>
    public const int DefaultTimeout = 50000;

    public const int DefaultConnectTimeout = 5000;

    public required LoadBalancer Balancer { get; init; }

    public required string Protocol { get; init; }

    public required int Port { get; init; }

    public Pool? DefaultPool { get; set; }

    public int ConnectionLimit { get; set; } = -1;

    public JsonObject InsertHeaders { get; set; } = [];

    public int TimeoutClientData { get; set; } = DefaultTimeout;

    public int TimeoutMemberConnect { get; set; } = DefaultConnectTimeout;

    public int TimeoutMemberData { get; set; } = DefaultTimeout;

    public int TimeoutTcpInspect { get; set; }

    public ImmutableArray<string>? AllowedCidrs { get; set; }

    public string? TlsContainer { get; set; }

    public ImmutableArray<string> SniContainers { get; set; } = [];

    public string ClientAuthentication { get; set; } = "NONE";

    public string? ClientCaContainer { get; set; }

    public string? ClientCrlContainer { get; set; }

    public string? TlsCiphers { get; set; }

    public ImmutableArray<string>? TlsVersions { get; set; }

    public ImmutableArray<string>? AlpnProtocols { get; set; }

    public List<L7Policy> Policies { get; } = [];
}

internal sealed class Pool : OctaviaResource
{
    public required LoadBalancer Balancer { get; init; }

    public required string Protocol { get; init; }

    public required string Algorithm { get; set; }

    public JsonObject? Persistence { get; set; }

    public bool TlsEnabled { get; set; }

    public string? TlsContainer { get; set; }

    public string? CaContainer { get; set; }

    public string? CrlContainer { get; set; }

    public string? TlsCiphers { get; set; }

    public ImmutableArray<string>? TlsVersions { get; set; }

    public ImmutableArray<string>? AlpnProtocols { get; set; }

    public OrderedDictionary<string, Member> Members { get; } = [];

    public HealthMonitor? Monitor { get; set; }

    public IEnumerable<Listener> Listeners => Balancer.Listeners.Where(l => l.DefaultPool == this);
}

internal sealed class Member : OctaviaResource
{
    public required Pool Pool { get; init; }

    public required Ip Address { get; init; }

    public required int Port { get; init; }

    public string? SubnetId { get; init; }

    public int Weight { get; set; } = 1;

    public bool Backup { get; set; }

    public Ip? MonitorAddress { get; set; }

    public int? MonitorPort { get; set; }
}

internal sealed class HealthMonitor : OctaviaResource
{
    public required Pool Pool { get; init; }

    public required string Type { get; init; }

    public int Delay { get; set; }

    public int Timeout { get; set; }

    public int MaxRetries { get; set; }

    public int MaxRetriesDown { get; set; } = 3;

    public string? HttpMethod { get; set; }

    public string? UrlPath { get; set; }

    public string? ExpectedCodes { get; set; }

    public double? HttpVersion { get; set; }

    public string? DomainName { get; set; }
}

internal sealed class L7Policy : OctaviaResource
{
    public required Listener Listener { get; init; }

    public required string Action { get; set; }

    public Pool? RedirectPool { get; set; }

    public string? RedirectUrl { get; set; }

    public string? RedirectPrefix { get; set; }

    public int? RedirectHttpCode { get; set; }

    public List<L7Rule> Rules { get; } = [];

    public int Position => Listener.Policies.IndexOf(this) + 1;
}

internal sealed class L7Rule : OctaviaResource
{
    public required L7Policy Policy { get; init; }

    public required string Type { get; set; }

    public required string CompareType { get; set; }

    public string? Key { get; set; }

    public required string Value { get; set; }

    public bool Invert { get; set; }
}

/// <summary>A flavor, an availability zone, or a profile of either: what an operator offers.</summary>
internal sealed class Offer : OctaviaResource
{
    public bool Enabled { get; set; } = true;

    public string? ProfileId { get; set; }

    public string? ProviderName { get; set; }

    public string? Data { get; set; }
}
