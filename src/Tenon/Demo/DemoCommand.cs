using System.CommandLine;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.Routes;
using Tenon.CloudControllers;
using Tenon.CommandLine;
using Tenon.Core;
using Tenon.Kubernetes.Controllers;
using Tenon.Sandbox;
using Tenon.Sandboxes;

namespace Tenon.Demo;

/// <summary><c>tenon demo</c>: everything at once: a cloud, a cluster, the cloud controller, and an application applied with the real kubectl.</summary>
internal static class DemoCommand
{
    private const string PodNetwork = "10.150.0.0/16";
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(45);

    public static Command Create()
    {
        var keep = new Option<bool>("--keep") { Description = "Leave it running, for kubectl and openstack, until Ctrl-C." };
        var nodes = new Option<int>("--nodes") { Description = "Servers, each of them a Kubernetes node.", HelpName = "N", DefaultValueFactory = _ => 3 };
        var command = new Command("demo", "Starts an OpenStack, a Kubernetes and the cloud controller, applies an application with kubectl, and shows what came of it.") { keep, nodes };
        command.SetAction((parsed, cancellationToken)
            => RunAsync(new Output(parsed.GetValue(Output.FormatOption)), parsed.GetValue(nodes), parsed.GetValue(keep), cancellationToken));
        return command.WithExamples("tenon demo", "tenon demo --keep");
    }

    private static async Task<int> RunAsync(Output output, int nodes, bool keep, CancellationToken cancellationToken)
    {
        KubectlProcess.Require();
        long began = TimeProvider.System.GetTimestamp();
        string directory = Directory.CreateTempSubdirectory("tenon-demo-").FullName;
        try
        {
            var progress = new Progress(output, began);
            progress.Say("starting an OpenStack and a Kubernetes");
            await using SandboxHost host = await SandboxHost.StartAsync(
                new SandboxOptions
                {
                    Nodes = nodes,
                    Delays = new SandboxDelays { LoadBalancer = TimeSpan.FromMilliseconds(800) },
                },
                cancellationToken);
            var files = new SandboxDirectory(directory);
            files.Write(host);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            progress.Say("starting the cloud controller");
            CloudConfig config = Connections.ReadCloudConfig(files.CloudConf, output.Report);
            await using CloudControllerRole role = await CloudControllerRole.CreateAsync(
                config, Connections.OpenCloud(config, readOnly: false, userAgent: "tenon-cloud-controller"), Connections.OpenCluster(files.Kubeconfig), Settings(), patient: false,
                NullLoggerFactory.Instance, cancellationToken);
            Task controller = role.RunAsync(stop.Token);
            try
            {
                await ShowAsync(output, progress, host, files, nodes, controller, cancellationToken);
                output.Say($"Done in {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s.");
                if (keep) await KeepAsync(output, files, controller, cancellationToken);
            }
            finally
            {
                await stop.CancelAsync();
                try
                {
                    await controller;
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    // As asked.
                }
            }

            return ExitCode.Success;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static CloudControllerSettings Settings() => new()
    {
        RouteFlags = new RouteFlags { AllocateNodeCidrs = true, ConfigureCloudRoutes = true, ClusterCidr = PodNetwork },
        Election = new LeaderElectionOptions { Lease = new NamespacedName("kube-system", "cloud-controller-manager"), Identity = "demo" },
    };

    private static async Task ShowAsync(
        Output output, Progress progress, SandboxHost host, SandboxDirectory files, int nodes, Task controller, CancellationToken cancellationToken)
    {
        var kubectl = new KubectlProcess(files.Kubeconfig);
        await progress.UntilAsync($"{nodes} nodes get addresses, zones and provider IDs", controller, async () =>
            (await kubectl.RunAsync(cancellationToken, "get", "nodes", "-o", "jsonpath={range .items[*]}{.spec.providerID}{\"\\n\"}{end}"))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries).Length == nodes, cancellationToken);
        progress.Say("kubectl apply: leonardo (3 pods), ftleonardo, nginx (3 pods), nginx of type LoadBalancer");
        string application = Path.Combine(files.Root, "application");
        await WriteApplicationAsync(application, cancellationToken);
        await kubectl.RunAsync(cancellationToken, "apply", "-f", application);
        await progress.UntilAsync("6 pods run", controller, async () =>
            (await kubectl.RunAsync(cancellationToken, "get", "pods", "-o", "jsonpath={.items[*].status.phase}")).Split(' ').Count(p => p == "Running") == 6, cancellationToken);
        await progress.UntilAsync("the load balancer is ready and nginx has its address", controller, async () =>
            (await kubectl.RunAsync(cancellationToken, "get", "service", "nginx", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}")).Length > 0, cancellationToken);
        JsonArray routes = [];
        await progress.UntilAsync("the router has a route to each node's pods", controller, () =>
        {
            routes = Routes(host);
            return Task.FromResult(routes.Count >= nodes);
        }, cancellationToken);
        await PrintAsync(output, host, kubectl, routes, cancellationToken);
    }

    private static async Task PrintAsync(Output output, SandboxHost host, KubectlProcess kubectl, JsonArray routes, CancellationToken cancellationToken)
    {
        string[][] tables =
        [
            ["get", "nodes", "-o", "wide", "-L", "topology.kubernetes.io/zone"],
            ["get", "pods", "-o", "wide"],
            ["get", "services"],
        ];
        var texts = new List<(string Command, string Text)>();
        foreach (string[] arguments in tables) texts.Add(($"kubectl {string.Join(' ', arguments)}", await kubectl.RunAsync(cancellationToken, arguments)));
        using var http = new HttpClient();
        JsonNode summary = JsonNode.Parse(await http.GetStringAsync(new Uri(host.ControlUrl, "calls/summary"), cancellationToken))!;
        output.Print(
            new JsonObject
            {
                ["nodes"] = JsonNode.Parse(await kubectl.RunAsync(cancellationToken, "get", "nodes", "-o", "json"))!["items"]!.DeepClone(),
                ["pods"] = JsonNode.Parse(await kubectl.RunAsync(cancellationToken, "get", "pods", "-o", "json"))!["items"]!.DeepClone(),
                ["services"] = JsonNode.Parse(await kubectl.RunAsync(cancellationToken, "get", "services", "-o", "json"))!["items"]!.DeepClone(),
                ["routes"] = routes.DeepClone(),
                ["calls"] = summary.DeepClone(),
            },
            console =>
            {
                foreach ((string command, string text) in texts)
                {
                    console.WriteLine();
                    console.WriteLine($"# {command}");
                    console.WriteLine(text.TrimEnd());
                }

                console.WriteLine();
                console.WriteLine("# openstack router show router -c routes");
                Table table = Output.Table("DESTINATION", "NEXTHOP");
                foreach (JsonNode? route in routes) table.AddRow($"{route!["destination"]}", $"{route["nexthop"]}");
                console.Write(table);
                console.WriteLine();
                console.WriteLine("# API calls, as the sandbox counted them");
                console.Write(CallTable.Render(summary));
            });
    }

    private static JsonArray Routes(SandboxHost host)
    {
        JsonNode? body = host.OpenStack.Send("network", "GET", "/v2.0/routers").Body;
        return body?["routers"]?.AsArray().SelectMany(r => r!["routes"]!.AsArray()).Select(r => r!.DeepClone()).ToArray() is { } routes ? new JsonArray(routes) : [];
    }

    private static async Task KeepAsync(Output output, SandboxDirectory files, Task controller, CancellationToken cancellationToken)
    {
        output.Say("");
        output.Say("It keeps running. In another terminal:");
        output.Say($"  export KUBECONFIG={files.Kubeconfig}");
        output.Say($"  export OS_CLIENT_CONFIG_FILE={files.CloudsYaml} OS_CLOUD=sandbox");
        output.Say("  kubectl describe service nginx");
        output.Say("  openstack loadbalancer list");
        output.Say("Stop it with Ctrl-C.");
        try
        {
            await controller.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Ctrl-C is how it ends.
        }
    }

    private static async Task WriteApplicationAsync(string directory, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        foreach (string name in typeof(DemoCommand).Assembly.GetManifestResourceNames().Where(n => n.StartsWith("leonardo/", StringComparison.Ordinal)))
        {
            await using Stream manifest = typeof(DemoCommand).Assembly.GetManifestResourceStream(name)!;
            await using FileStream file = File.Create(Path.Combine(directory, Path.GetFileName(name)));
            await manifest.CopyToAsync(file, cancellationToken);
        }
    }

    /// <summary>Says what happens, with the time since the start.</summary>
    private sealed class Progress(Output output, long began)
    {
        private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(150);

        public void Say(string text) => output.Messages.MarkupLineInterpolated($"[grey]{TimeProvider.System.GetElapsedTime(began).TotalSeconds,5:0.0} s[/]  {text}");

        public async Task UntilAsync(string what, Task controller, Func<Task<bool>> condition, CancellationToken cancellationToken)
        {
            long started = TimeProvider.System.GetTimestamp();
            async Task WaitAsync()
            {
                while (!await condition())
                {
                    if (controller.IsCompleted) await controller;
                    if (TimeProvider.System.GetElapsedTime(started) > StepLimit)
                        throw new CommandException(ExitCode.Failure, $"after {StepLimit.TotalSeconds:0} s still waiting until {what}");
                    await Task.Delay(Look, TimeProvider.System, cancellationToken);
                }
            }

            if (output.Interactive) await output.Messages.Status().StartAsync(what, _ => WaitAsync());
            else await WaitAsync();
            Say(what);
        }
    }
}
