using System.CommandLine;
using System.Text.Json.Nodes;
using Tenon.CloudController.Configuration;
using Tenon.CloudControllers;
using Tenon.CommandLine;
using Tenon.Kubernetes.Client;
using Tenon.Network;
using Tenon.Network.Contracts;
using Tenon.Network.Policies;
using Tenon.Network.Routes;
using Tenon.OpenStack;

namespace Tenon.Networks;

/// <summary>The commands that show what one pod sees: <c>routes</c> and <c>policy</c>.</summary>
internal static class PodViews
{
    private const int PeersAtMost = 3;

    public static Command Routes()
    {
        Option<string> kubeconfig = Connections.KubeconfigOption(), label = NetworkViews.LabelOption();
        var config = new Option<string>("--cloud-config", "-c")
        {
            Description = "The cloud.conf file; with it the cloud is asked what else the router joins: networks of virtual machines, extra routes, the way out.", HelpName = "FILE",
        };
        Argument<string> name = PodArgument();
        var command = new Command("routes", "Shows the routing table that a pod sees, and through which virtual network, router or Service each route leads.") { name, kubeconfig, config, label };
        command.SetAction(async (parsed, token) =>
        {
            var output = new Output(parsed.GetValue(Output.FormatOption));
            NetworkState state = await ReadAsync(parsed, kubeconfig, label, token);
            PolicyPod pod = state.Pod(parsed.GetRequiredValue(name));
            PodPort port = state.PodPorts.FirstOrDefault(p => p.Metadata.Key == pod.Name)
                ?? throw new CommandException(ExitCode.Failure, $"pod {pod.Name} has no port yet; it will be on virtual network {pod.Network}. Its events say what it waits for");
            string? routerId = state.Networks.FirstOrDefault(n => n.Metadata.Key.ToString() == port.Spec.Network)?.Status?.RouterId;
            RouterSight? router = parsed.GetValue(config) is { } file && routerId is not null ? await RouterAsync(file, routerId, output, token) : null;
            Print(pod, port, RouteTable.Of(port, new RouteSources { Networks = state.Networks, VirtualIps = state.VirtualIps, Router = router }), output);
            return ExitCode.Success;
        });
        return command.WithExamples("tenon network routes nginx-0", "tenon network routes team-web/nginx-0 --cloud-config cloud.conf --output json");
    }

    public static Command Policy()
    {
        Option<string> kubeconfig = Connections.KubeconfigOption(), label = NetworkViews.LabelOption();
        Argument<string> name = PodArgument();
        var command = new Command("policy", "Shows what the policies, the virtual network and the \"uses\" labels that concern a pod let in and out.") { name, kubeconfig, label };
        command.SetAction(async (parsed, token) =>
        {
            NetworkState state = await ReadAsync(parsed, kubeconfig, label, token);
            PolicyPod pod = state.Pod(parsed.GetRequiredValue(name));
            PolicyEntry[] entries =
            [
                .. PolicyTable.Of(state.World, pod),
                .. state.UnmetUses[pod.Name].Select(u => new PolicyEntry("egress", $"uses {u.Service}", [], [], u.Why)),
            ];
            Print(pod, entries, new Output(parsed.GetValue(Output.FormatOption)));
            return ExitCode.Success;
        });
        return command.WithExamples("tenon network policy leonardo-0", "tenon network policy team-db/leonardodb-0 --output json");
    }

    private static Argument<string> PodArgument() => new("pod") { Description = "The pod, as NAME (in namespace default) or NAMESPACE/NAME.", HelpName = "POD" };

    private static async Task<NetworkState> ReadAsync(ParseResult parsed, Option<string> kubeconfig, Option<string> label, CancellationToken cancellationToken)
    {
        using KubernetesClient client = Connections.OpenCluster(parsed.GetValue(kubeconfig));
        return await NetworkState.ReadAsync(client, new NetworkOptions { LabelKey = parsed.GetRequiredValue(label) }, cancellationToken);
    }

    private static async Task<RouterSight?> RouterAsync(string file, string routerId, Output output, CancellationToken cancellationToken)
    {
        CloudConfig config = Connections.ReadCloudConfig(file, output.Report);
        await using CloudClient cloud = Connections.OpenCloud(config, readOnly: true);
        var networking = cloud.Networking(config.Global.Region);
        return await RouterSight.ReadAsync(networking, networking, routerId, cancellationToken)
            ?? throw new CommandException(ExitCode.Failure, $"the project of {file} sees no router {routerId}: it is another cloud or project than the controller's");
    }

    private static void Print(PolicyPod pod, PodPort port, IReadOnlyList<PodRoute> routes, Output output) => output.Print(
        new JsonObject
        {
            ["pod"] = pod.Name.ToString(),
            ["network"] = port.Spec.Network,
            ["port"] = port.Spec.PortId,
            ["plugged"] = port.IsPlugged,
            ["addresses"] = new JsonArray([.. port.Spec.Addresses.Select(a => (JsonNode)a.Address)]),
            ["routes"] = new JsonArray([.. routes.Select(r => (JsonNode)new JsonObject
            {
                ["destination"] = r.Destination, ["nextHop"] = r.NextHop, ["interface"] = r.Interface.Length == 0 ? null : r.Interface, ["kind"] = KindOf(r.Kind), ["through"] = r.Through, ["answers"] = r.Answers,
            })]),
        },
        console =>
        {
            string unplugged = port.IsPlugged ? "" : ", not plugged";
            TextRows.Wrapped(console, "", "", $"{pod.Name}: {string.Join(", ", port.Spec.Addresses.Select(a => a.Address))} on virtual network {port.Spec.Network}{unplugged}");
            var table = new TextRows("DESTINATION", "NEXT HOP", "INTERFACE", "THROUGH");
            foreach (PodRoute route in routes) table.Add(route.Destination, route.NextHop ?? "on link", route.Interface.Length == 0 ? "-" : route.Interface, route.Through);
            table.Print(console);
        });

    private static void Print(PolicyPod pod, PolicyEntry[] entries, Output output) => output.Print(
        new JsonObject
        {
            ["pod"] = pod.Name.ToString(),
            ["network"] = pod.Network,
            ["entries"] = new JsonArray([.. entries.Select(e => (JsonNode)new JsonObject
            {
                ["direction"] = e.Direction,
                ["by"] = e.By,
                ["peers"] = new JsonArray([.. e.Peers.Select(p => (JsonNode)new JsonObject
                {
                    ["text"] = p.Text, ["pods"] = p.Pods is { } pods ? new JsonArray([.. pods.Select(n => (JsonNode)n.ToString())]) : null,
                })]),
                ["ports"] = new JsonArray([.. e.Ports.Select(p => (JsonNode)p)]),
                ["note"] = e.Note.Length == 0 ? null : e.Note,
            })]),
        },
        console =>
        {
            TextRows.Wrapped(console, "", "", $"{pod.Name} on virtual network {pod.Network}");
            var table = new TextRows("DIRECTION", "PORTS", "POLICY", "PEERS");
            foreach (PolicyEntry entry in entries)
                table.Add(entry.Direction, entry.Ports.IsEmpty ? "none" : string.Join(", ", entry.Ports), entry.By, entry.Note.Length == 0 ? PeersOf(entry) : $"{PeersOf(entry)}: {entry.Note}");
            table.Print(console);
        });

    /// <summary>The peers in one cell; further ones are counted, and JSON has them all.</summary>
    private static string PeersOf(PolicyEntry entry)
    {
        if (entry.Peers.IsEmpty) return "nobody";
        string first = string.Join("; ", entry.Peers.Take(PeersAtMost).Select(p => p.Pods is { } pods ? $"{p.Text} ({pods.Count})" : p.Text));
        return entry.Peers.Count > PeersAtMost ? $"{first}; and {entry.Peers.Count - PeersAtMost} more" : first;
    }

    private static string KindOf(RouteKind kind) => kind switch
    {
        RouteKind.Own => "own",
        RouteKind.VirtualNetwork => "virtualNetwork",
        RouteKind.Service => "service",
        RouteKind.CloudNetwork => "cloudNetwork",
        RouteKind.Static => "static",
        _ => "default",
    };
}
