using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;

namespace Tenon.CloudController.Tests.LoadBalancers;

/// <summary>Writes a wanted load balancer as cases have it: every field that has not its usual value.</summary>
internal static class CaseTree
{
    private static readonly ListenerTimeouts Usual = new(TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(50), TimeSpan.Zero);

    public static void Write(JsonObject result, DesiredLoadBalancer desired)
    {
        result["loadBalancer"] = Object(
            ("name", desired.Name), ("id", desired.Id), ("description", desired.Description), ("provider", desired.Provider),
            ("tags", desired.TagsSupported ? Array([desired.OwnerTag, .. desired.ExtraTags]) : null),
            ("build", desired.Build is BuildMode.Populated ? null : $"{desired.Build}"),
            ("flavor", desired.FlavorId), ("availabilityZone", desired.AvailabilityZone), ("maxSharers", desired.MaxSharers == 2 ? null : desired.MaxSharers),
            ("vip", Object(("port", desired.Vip.PortId), ("subnet", desired.Vip.SubnetId), ("network", desired.Vip.NetworkId), ("address", desired.Vip.Address))),
            ("additionalVips", Array(desired.AdditionalVipSubnetIds)),
            ("listeners", new JsonArray([.. desired.Listeners.Select(Listener)])));
        if (desired.FloatingIp is { } floating)
        {
            result["floatingIp"] = Object(
                ("network", floating.NetworkId ?? "none"), ("subnets", Array(floating.SubnetIds)), ("address", floating.Address), ("keep", desired.KeepFloatingIp ? true : null),
                ("description", floating.Description));
        }

        if (desired.SecurityGroup is { } group)
        {
            result["securityGroup"] = Object(
                ("name", group.Name), ("description", group.Description), ("rules", Array(group.Rules.Select(r => $"{r.EtherType} {r}"))), ("ports", Array(group.PortIds)));
        }
    }

    public static void WriteStatus(JsonObject result, LoadBalancerStatus status)
        => result["status"] = Array(status.Ingress.Select(i => i.Hostname ?? $"{i.Ip} {i.IpMode}"));

    private static JsonObject Listener(DesiredListener listener) => Object(
        ("name", listener.Name), ("listens", $"{listener.Protocol}:{listener.Port}"),
        ("connectionLimit", listener.ConnectionLimit == -1 ? null : listener.ConnectionLimit),
        ("timeouts", listener.Timeouts is null ? "none" : listener.Timeouts == Usual ? null : Milliseconds(listener.Timeouts)),
        ("forwardedFor", listener.ForwardedFor ? true : null), ("certificate", listener.TlsContainerRef),
        ("allowedCidrs", listener.AllowedCidrs is not { } cidrs ? "none" : cidrs.SequenceEqual(["0.0.0.0/0"]) ? null : Array(cidrs)),
        ("pool", Object(
            ("name", listener.Pool.Name), ("protocol", listener.Pool.Protocol), ("algorithm", listener.Pool.Algorithm), ("persistence", listener.Pool.SourceIpPersistence ? "SOURCE_IP" : null),
            ("members", new JsonArray([.. listener.Pool.Members.Select(Member)])), ("monitor", Monitor(listener.Pool.Monitor)))));

    private static JsonNode Member(PoolMember member)
        => $"{member.Target.Name} {member.Target.Address} port {member.Port} in {member.Target.SubnetId}{(member.MonitorPort is { } port ? $", monitored at {port}" : "")}";

    private static JsonObject? Monitor(DesiredMonitor? monitor) => monitor is null ? null : Object(
        ("name", monitor.Name), ("type", monitor.Type), ("path", monitor.UrlPath), ("delay", (int)monitor.Delay.TotalSeconds), ("timeout", (int)monitor.Timeout.TotalSeconds),
        ("maxRetries", monitor.MaxRetries), ("maxRetriesDown", monitor.MaxRetriesDown));

    private static string Milliseconds(ListenerTimeouts t)
        => $"client {t.ClientData.TotalMilliseconds}, connect {t.MemberConnect.TotalMilliseconds}, member {t.MemberData.TotalMilliseconds}, inspect {t.TcpInspect.TotalMilliseconds} ms";

    private static JsonArray? Array(IEnumerable<string> items) => items.Any() ? new JsonArray([.. items.Select(i => (JsonNode)i)]) : null;

    private static JsonArray? Array(EquatableArray<string> items) => Array(items.AsEnumerable());

    private static JsonObject Object(params ReadOnlySpan<(string Name, JsonNode? Value)> fields)
    {
        var made = new JsonObject();
        foreach ((string name, JsonNode? value) in fields)
        {
            if (value is not null) made[name] = value;
        }

        return made;
    }
}
