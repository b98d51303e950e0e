using System.CommandLine;
using System.Text.Json.Nodes;
using Tenon.CloudControllers;
using Tenon.CommandLine;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Network;
using Tenon.Network.Contracts;
using Tenon.Network.Policies;

namespace Tenon.Networks;

/// <summary>The commands that show what the network controller made: <c>list</c>, <c>show</c> and <c>can</c>.</summary>
internal static class NetworkViews
{
    public static Command List()
    {
        Option<string> kubeconfig = Connections.KubeconfigOption();
        var command = new Command("list", "Lists the virtual networks with their ranges and pods.") { kubeconfig };
        command.SetAction((parsed, token) => WithStateAsync(parsed, kubeconfig, new NetworkOptions(), (state, output) =>
        {
            output.Print(new JsonArray([.. state.Networks.Select(n => (JsonNode)Document(n, state))]), console =>
            {
                var table = new TextRows("NETWORK", "READY", "RANGES", "ISOLATION", "PODS", "WHY");
                foreach (VirtualNetwork n in state.Networks.OrderBy(n => n.Metadata.Key.ToString(), StringComparer.Ordinal))
                {
                    table.Add(n.Metadata.Key.ToString(), Ready(n)?.Status ?? "Unknown", string.Join(',', n.Status?.Subnets.Select(s => s.Cidr) ?? []), n.Status?.Isolation ?? "",
                        Ports(n, state).Count().ToString(), Ready(n) is { Status: not "True" } c ? $"{c.Reason}: {c.Message}" : "");
                }

                table.Print(console);
            });
            return ExitCode.Success;
        }, token));
        return command.WithExamples("tenon network list --kubeconfig ~/.kube/config");
    }

    public static Command Show()
    {
        Option<string> kubeconfig = Connections.KubeconfigOption();
        var name = new Argument<string>("network") { Description = "The virtual network, as NAME (in namespace default) or NAMESPACE/NAME.", HelpName = "NETWORK" };
        var command = new Command("show", "Shows which pods have which addresses and ports on a virtual network.") { name, kubeconfig };
        command.SetAction((parsed, token) => WithStateAsync(parsed, kubeconfig, new NetworkOptions(), (state, output) =>
        {
            NamespacedName wanted = NetworkState.Named(parsed.GetRequiredValue(name));
            VirtualNetwork network = state.Networks.FirstOrDefault(n => n.Metadata.Key == wanted) ?? throw new CommandException(ExitCode.Failure,
                $"there is no virtual network {wanted}; there are {string.Join(", ", state.Networks.Select(n => n.Metadata.Key).DefaultIfEmpty(new("", "none")))}");
            JsonObject document = Document(network, state);
            document["ports"] = new JsonArray([.. Ports(network, state).Select(p => (JsonNode)new JsonObject
            {
                ["pod"] = p.Metadata.Key.ToString(), ["node"] = p.Spec.Node, ["port"] = p.Spec.PortId, ["vlan"] = p.Spec.Binding.VlanId, ["plugged"] = p.IsPlugged,
                ["addresses"] = new JsonArray([.. p.Spec.Addresses.Select(a => (JsonNode)a.Address)]),
            })]);
            output.Print(document, console =>
            {
                var table = new TextRows("POD", "ADDRESSES", "NODE", "PLUGGED", "VLAN", "PORT");
                foreach (PodPort p in Ports(network, state))
                    table.Add(p.Metadata.Key.ToString(), string.Join(',', p.Spec.Addresses.Select(a => a.Address)), p.Spec.Node, p.IsPlugged ? "yes" : "no", $"{p.Spec.Binding.VlanId}", p.Spec.PortId);
                table.Print(console);
            });
            return ExitCode.Success;
        }, token));
        return command.WithExamples("tenon network show blue", "tenon network show kube-system/default --output json");
    }

    public static Command Can()
    {
        Option<string> kubeconfig = Connections.KubeconfigOption(), label = LabelOption();
        var from = new Argument<string>("from") { Description = "The pod that opens the connection, as NAME (in namespace default) or NAMESPACE/NAME.", HelpName = "POD1" };
        var to = new Argument<string>("to") { Description = "The pod that is asked.", HelpName = "POD2" };
        var port = new Option<int>("--port") { Description = "The port of the second pod.", HelpName = "N", Required = true };
        var protocol = new Option<string>("--protocol") { Description = "TCP, UDP or SCTP.", HelpName = "NAME", DefaultValueFactory = _ => "TCP" };
        var command = new Command("can", "Says whether a pod may reach another, and which policy and rule decide. Exit code 1: it may not.") { from, to, port, protocol, kubeconfig, label };
        command.SetAction((parsed, token) => WithStateAsync(parsed, kubeconfig, new NetworkOptions { LabelKey = parsed.GetRequiredValue(label) }, (state, output) =>
        {
            int number = parsed.GetRequiredValue(port);
            if (number is < 1 or > 65535) throw new CommandException(ExitCode.Usage, $"--port {number}: write a port from 1 to 65535");
            string transport = parsed.GetRequiredValue(protocol).ToUpperInvariant();
            if (transport is not ("TCP" or "UDP" or "SCTP")) throw new CommandException(ExitCode.Usage, $"--protocol \"{transport}\": write TCP, UDP or SCTP");
            PolicyPod one = state.Pod(parsed.GetRequiredValue(from)), other = state.Pod(parsed.GetRequiredValue(to));
            PolicyDecision decision = PolicyDecision.Between(state.World, one, other, transport, number);
            output.Print(
                new JsonObject
                {
                    ["allowed"] = decision.IsAllowed,
                    ["egress"] = new JsonObject { ["allowed"] = decision.Egress.IsAllowed, ["by"] = decision.Egress.By },
                    ["ingress"] = new JsonObject { ["allowed"] = decision.Ingress.IsAllowed, ["by"] = decision.Ingress.By },
                },
                console =>
                {
                    TextRows.Wrapped(console, "", "", $"{(decision.IsAllowed ? "yes" : "no")}: {one.Name} {(decision.IsAllowed ? "reaches" : "does not reach")} {other.Name} on {transport} {number}");
                    var table = new TextRows("SIDE", "PASSES", "BECAUSE");
                    table.Add("egress", decision.Egress.IsAllowed ? "yes" : "no", decision.Egress.By);
                    table.Add("ingress", decision.Ingress.IsAllowed ? "yes" : "no", decision.Ingress.By);
                    table.Print(console);
                });
            return decision.IsAllowed ? ExitCode.Success : ExitCode.Failure;
        }, token));
        return command.WithExamples("tenon network can leonardo-0 team-db/leonardodb-0 --port 5432");
    }

    /// <summary>The label by which pods choose their network.</summary>
    public static Option<string> LabelOption() => CloudControllerFlags.Text("--network-label", "KEY", "The label of a pod that names its virtual network.", "name");

    private static async Task<int> WithStateAsync(ParseResult parsed, Option<string> kubeconfig, NetworkOptions options, Func<NetworkState, Output, int> print, CancellationToken cancellationToken)
    {
        using KubernetesClient client = Connections.OpenCluster(parsed.GetValue(kubeconfig));
        return print(await NetworkState.ReadAsync(client, options, cancellationToken), new Output(parsed.GetValue(Output.FormatOption)));
    }

    private static Condition? Ready(VirtualNetwork network) => network.Status?.Conditions.FirstOrDefault(c => c.Type == "Ready");

    private static IEnumerable<PodPort> Ports(VirtualNetwork network, NetworkState state)
        => state.PodPorts.Where(p => p.Spec.Network == network.Metadata.Key.ToString()).OrderBy(p => p.Metadata.Key.ToString(), StringComparer.Ordinal);

    private static JsonObject Document(VirtualNetwork network, NetworkState state) => new()
    {
        ["network"] = network.Metadata.Key.ToString(),
        ["ready"] = Ready(network)?.Status == "True",
        ["reason"] = Ready(network)?.Reason,
        ["message"] = Ready(network)?.Message,
        ["ranges"] = new JsonArray([.. (network.Status?.Subnets ?? []).Select(s => (JsonNode)s.Cidr)]),
        ["isolation"] = network.Status?.Isolation,
        ["networkId"] = network.Status?.NetworkId,
        ["pods"] = Ports(network, state).Count(),
    };
}
