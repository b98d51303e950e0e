using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Tenon.CloudControllers;
using Tenon.CommandLine;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Nodes.Agent;
using Tenon.OpenStack.Configuration;

namespace Tenon.NodeCommands;

/// <summary><c>tenon node</c>: what runs on each node.</summary>
internal static class NodeCommand
{
    private static readonly NodeAgentOptions Defaults = new() { NodeName = "" };

    private static readonly Option<string> NodeName = new("--node-name")
    {
        Description = "The Node's name, as the kubelet registered it; without it, $NODE_NAME.",
        HelpName = "NAME",
    };

    private static readonly Option<string> Socket = Path("--socket", "Where the CNI plugin finds the agent.", Defaults.Socket);
    private static readonly Option<string> StateFolder = Path("--state-dir", "What is plugged, remembered until the next reboot; on a file system that a reboot empties.", Defaults.StateFolder);
    private static readonly Option<string> DatabaseSocket = Path("--ovsdb-socket", "The socket of Open vSwitch's database.", Defaults.DatabaseSocket);
    private static readonly Option<string> IntegrationBridge = Text("--integration-bridge", "NAME", "The bridge of OVN's interfaces.", Defaults.IntegrationBridge);

    private static readonly Option<string?> TrunkBridge = new("--trunk-bridge")
    {
        Description = "The bridge that carries the node's trunk, where the kernel has no VLAN interfaces.",
        HelpName = "NAME",
    };

    private static readonly Option<string> OvnFolder = Path("--ovn-run-dir", "Where ovn-controller has its control socket; where none is, it is taken to run.", Defaults.OvnFolder);
    private static readonly Option<string> PluginFolder = Path("--cni-bin-dir", "Where the container runtime looks for plugins.", Defaults.PluginFolder);
    private static readonly Option<string> ConfigurationFolder = Path("--cni-conf-dir", "Where it looks for configurations.", Defaults.ConfigurationFolder);

    private static readonly Option<string?> Plugin = new("--cni-plugin")
    {
        Description = "The plugin to install; without it, tenon-cni beside this program, where there is one.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Chain = new("--cni-chain")
    {
        Description = "Plugins that the runtime calls after tenon-cni, such as portmap: a JSON array of their configurations.",
        HelpName = "FILE",
    };

    private static readonly Option<bool> Install = new("--install-cni") { Description = "Whether plugin and configuration are installed once pods can be plugged.", DefaultValueFactory = _ => true };
    private static readonly Option<TimeSpan> Patience = Duration("--port-timeout", "How long a pod's ADD waits for its port, and for packets to flow.", "1m");
    private static readonly Option<TimeSpan> SweepPeriod = Duration("--sweep-period", "How often leftovers are looked for.", "5m");

    private static readonly Option<IPAddress> BindAddress = new("--bind-address")
    {
        Description = "Where health and metrics are served, over HTTP.",
        HelpName = "ADDRESS",
        DefaultValueFactory = _ => IPAddress.Loopback,
        CustomParser = result =>
        {
            if (IPAddress.TryParse(result.Tokens[0].Value, out IPAddress? address)) return address;
            result.AddError($"--bind-address \"{result.Tokens[0].Value}\" is no address");
            return null;
        },
    };

    private static readonly Option<int> HealthPort = new("--health-port") { Description = "The port of these; 0 serves none.", HelpName = "PORT", DefaultValueFactory = _ => 10268 };
    private static readonly Option<int> Verbosity = new("--v", "-v") { Description = "0 warnings only, 2 what changes, 4 every pass, 6 every API call.", HelpName = "LEVEL", DefaultValueFactory = _ => 2 };
    private static readonly Option<string> LoggingFormat = Text("--logging-format", "text|json", "How logs are written.", "text");

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        Option<string> kubeconfig = Connections.KubeconfigOption();
        var agent = new Command("agent", "Plugs the pods of this node into their networks; one runs on each node, as root.")
        {
            NodeName, kubeconfig, Socket, StateFolder, DatabaseSocket, IntegrationBridge, TrunkBridge, OvnFolder, PluginFolder, ConfigurationFolder, Plugin, Chain, Install, Patience, SweepPeriod,
            BindAddress, HealthPort, LoggingFormat, Verbosity,
        };
        agent.SetAction((parsed, cancellationToken) => RunAsync(parsed, kubeconfig, cancellationToken));
        agent.WithExamples("tenon node agent --node-name node-1 --kubeconfig /etc/kubernetes/kubelet.conf", "tenon node agent --trunk-bridge br-trunk");
        return new Command("node", "What runs on each node: the agent of the pods' network.") { agent };
    }

    private static async Task<int> RunAsync(ParseResult parsed, Option<string> kubeconfig, CancellationToken cancellationToken)
    {
        string name = parsed.GetValue(NodeName) ?? Environment.GetEnvironmentVariable("NODE_NAME")
            ?? throw new CommandException(ExitCode.Usage, "there is no node's name: give --node-name NAME, or set NODE_NAME from spec.nodeName in the pod's manifest");
        if (parsed.GetValue(LoggingFormat) is not ("text" or "json") and var format) throw new CommandException(ExitCode.Usage, $"--logging-format \"{format}\": use text or json.");
        if (Environment.UserName != "root") throw new CommandException(ExitCode.Usage, "the agent makes network interfaces in other namespaces and needs to be root");
        using ILoggerFactory loggers = CloudControllerCommand.CreateLogs(parsed.GetValue(Verbosity), parsed.GetRequiredValue(LoggingFormat));
        var options = new NodeAgentOptions
        {
            NodeName = name,
            Socket = parsed.GetRequiredValue(Socket),
            StateFolder = parsed.GetRequiredValue(StateFolder),
            DatabaseSocket = parsed.GetRequiredValue(DatabaseSocket),
            IntegrationBridge = parsed.GetRequiredValue(IntegrationBridge),
            TrunkBridge = parsed.GetValue(TrunkBridge),
            OvnFolder = parsed.GetRequiredValue(OvnFolder),
            Patience = parsed.GetValue(Patience),
            SweepPeriod = parsed.GetValue(SweepPeriod),
            Plugin = parsed.GetValue(Install) ? PluginOf(parsed) : null,
            PluginFolder = parsed.GetRequiredValue(PluginFolder),
            ConfigurationFolder = parsed.GetRequiredValue(ConfigurationFolder),
            Chain = ChainOf(parsed),
        };
        int port = parsed.GetValue(HealthPort);
        HealthServer? health = port == 0 ? null
            : new HealthServer(new HealthServerOptions { Endpoint = new IPEndPoint(parsed.GetRequiredValue(BindAddress), port) }, loggers.CreateLogger<HealthServer>());
        using KubernetesClient client = new(Connections.ClusterConfiguration(parsed.GetValue(kubeconfig), null), new() { UserAgent = "tenon-node-agent" }, loggers: loggers);
        await using var agent = new NodeAgent(options, client, TimeProvider.System, loggers);
        await agent.RunAsync(health, cancellationToken);
        return ExitCode.Success;
    }

    private static string PluginOf(ParseResult parsed)
    {
        string? given = parsed.GetValue(Plugin);
        string path = given ?? System.IO.Path.Combine(AppContext.BaseDirectory, "tenon-cni");
        return File.Exists(path) ? path
            : throw new CommandException(ExitCode.Usage, $"there is no plugin at {path}: give --cni-plugin FILE (see docs/node-agent.md for how it is made), or --install-cni false");
    }

    private static IReadOnlyList<JsonObject> ChainOf(ParseResult parsed)
    {
        if (parsed.GetValue(Chain) is not { } path) return [];
        try
        {
            return CniChain.Parse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new CommandException(ExitCode.Usage, $"--cni-chain {path}: {e.Message}");
        }
    }

    private static Option<string> Path(string name, string description, string value) => Text(name, "PATH", description, value);

    private static Option<string> Text(string name, string help, string description, string value)
        => new(name) { Description = description, HelpName = help, DefaultValueFactory = _ => value };

    private static Option<TimeSpan> Duration(string name, string description, string value) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        DefaultValueFactory = _ => Durations.TryParse(value, out TimeSpan given) ? given : throw new FormatException(value),
        CustomParser = result =>
        {
            if (Durations.TryParse(result.Tokens[0].Value, out TimeSpan given) && given > TimeSpan.Zero) return given;
            result.AddError($"{name} \"{result.Tokens[0].Value}\" is not a duration above zero: write it like 10s, 1m30s or 500ms");
            return default;
        },
    };
}
