using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;
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

    public static Command Create()
    {
        var keep = new Option<bool>("--keep") { Description = "Leave it running, for kubectl and openstack, until Ctrl-C." };
        var nodes = new Option<int>("--nodes") { Description = "Servers, each of them a Kubernetes node.", HelpName = "N", DefaultValueFactory = _ => 3 };
        var cloud = new Option<string?>("--cloud") { Description = "Run on this cloud of clouds.yaml, with servers made for it and deleted at the end; test brings a test cloud up first.", HelpName = "NAME" };
        var network = new Option<string?>("--network") { Description = "The servers' network there, where there are several.", HelpName = "NAME" };
        var image = new Option<string?>("--image") { Description = "The servers' image there, where there are several.", HelpName = "NAME" };
        var command = new Command("demo", "Starts an OpenStack, a Kubernetes and the cloud controller, applies an application with kubectl, and shows what came of it.")
        {
            cloud, network, image, keep, nodes,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new Output(parsed.GetValue(Output.FormatOption)),
            new DemoOptions(parsed.GetValue(cloud), parsed.GetValue(network), parsed.GetValue(image), parsed.GetValue(nodes), parsed.GetValue(keep)),
            cancellationToken));
        return command.WithExamples("tenon demo", "tenon demo --keep", "tenon demo --cloud test");
    }

    private static async Task<int> RunAsync(Output output, DemoOptions options, CancellationToken cancellationToken)
    {
        KubectlProcess.Require();
        if (options.Nodes < 1) throw new CommandException(ExitCode.Usage, $"--nodes {options.Nodes}: at least one is needed");
        string directory = Directory.CreateTempSubdirectory("tenon-demo-").FullName;
        try
        {
            var progress = new DemoProgress(output);
            progress.Say(options.Cloud is null ? "starting an OpenStack and a Kubernetes" : $"starting a Kubernetes, and looking at cloud {options.Cloud}");
            await using SandboxHost host = await SandboxHost.StartAsync(
                new SandboxOptions
                {
                    Nodes = options.Cloud is null ? options.Nodes : 0,
                    Delays = new SandboxDelays { LoadBalancer = TimeSpan.FromMilliseconds(800) },
                },
                cancellationToken);
            var files = new SandboxDirectory(directory);
            files.Write(host);
            await using IDemoCloud cloud = options.Cloud is null
                ? new SandboxCloud(host, files, Connections.ReadCloudConfig(files.CloudConf, output.Report))
                : await RealCloud.OpenAsync(options, host, IPNetwork.Parse(PodNetwork), output.Report, cancellationToken);
            await RunAsync(output, progress, files, cloud, options, cancellationToken);
            output.Say($"Done in {progress.Elapsed.TotalSeconds:0.0} s.");
            return ExitCode.Success;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task RunAsync(
        Output output, DemoProgress progress, SandboxDirectory files, IDemoCloud cloud, DemoOptions options, CancellationToken cancellationToken)
    {
        var kubectl = new KubectlProcess(files.Kubeconfig);
        using var stop = new CancellationTokenSource();
        Task? controller = null;
        try
        {
            await cloud.AddNodesAsync(progress, cancellationToken);
            progress.Say("starting the cloud controller");
            await using CloudControllerRole role = await CloudControllerRole.CreateAsync(
                cloud.Config, cloud.Open(), Connections.OpenCluster(files.Kubeconfig), Settings(cloud), patient: false, NullLoggerFactory.Instance, cancellationToken);
            controller = role.RunAsync(stop.Token);
            try
            {
                await ShowAsync(output, progress, new(files, cloud, kubectl, controller), options.Nodes, cancellationToken);
                if (options.Keep) await KeepAsync(output, files, cloud, controller, cancellationToken);
            }
            finally
            {
                // Also after Ctrl-C: what was made in a cloud is not left there.
                await cloud.RemoveAsync(progress, kubectl, controller, CancellationToken.None);
                await stop.CancelAsync();
                await EndedAsync(controller, stop.Token);
            }
        }
        finally
        {
            if (controller is null) await cloud.RemoveAsync(progress, kubectl, null, CancellationToken.None);
        }
    }

    private static async Task EndedAsync(Task controller, CancellationToken stop)
    {
        try
        {
            await controller;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // As asked.
        }
    }

    private static CloudControllerSettings Settings(IDemoCloud cloud) => new()
    {
        ClusterName = cloud.ClusterName,
        RouteFlags = new RouteFlags { AllocateNodeCidrs = true, ConfigureCloudRoutes = true, ClusterCidr = PodNetwork },
        Election = new LeaderElectionOptions { Lease = new NamespacedName("kube-system", "cloud-controller-manager"), Identity = "demo" },
    };

    private static async Task ShowAsync(Output output, DemoProgress progress, Stage stage, int nodes, CancellationToken cancellationToken)
    {
        (SandboxDirectory files, IDemoCloud cloud, KubectlProcess kubectl, Task controller) = stage;
        Task Until(string what, Func<Task<bool>> condition) => progress.UntilAsync(what, cloud.StepLimit, controller, condition, cancellationToken);

        await Until($"{nodes} nodes get addresses, zones and provider IDs", async () =>
            (await kubectl.RunAsync(cancellationToken, "get", "nodes", "-o", "jsonpath={range .items[*]}{.spec.providerID}{\"\\n\"}{end}"))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries).Length == nodes);
        progress.Say("kubectl apply: leonardo (3 pods), ftleonardo, nginx (3 pods), nginx of type LoadBalancer");
        string application = Path.Combine(files.Root, "application");
        await WriteApplicationAsync(application, cancellationToken);
        await kubectl.RunAsync(cancellationToken, "apply", "-f", application);
        await Until("6 pods run", async () =>
            (await kubectl.RunAsync(cancellationToken, "get", "pods", "-o", "jsonpath={.items[*].status.phase}")).Split(' ').Count(p => p == "Running") == 6);
        await Until("the load balancer is ready and nginx has its address", async () =>
            (await kubectl.RunAsync(cancellationToken, "get", "service", "nginx", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}")).Length > 0);
        JsonArray routes = [];
        await Until("the router has a route to each node's pods", async () => (routes = await cloud.RoutesAsync(cancellationToken)).Count >= nodes);
        await PrintAsync(output, cloud, kubectl, routes, cancellationToken);
    }

    private static async Task PrintAsync(Output output, IDemoCloud cloud, KubectlProcess kubectl, JsonArray routes, CancellationToken cancellationToken)
    {
        string[][] tables =
        [
            ["get", "nodes", "-o", "wide", "-L", "topology.kubernetes.io/zone"],
            ["get", "pods", "-o", "wide"],
            ["get", "services"],
        ];
        var texts = new List<(string Command, string Text)>();
        foreach (string[] arguments in tables) texts.Add(($"kubectl {string.Join(' ', arguments)}", await kubectl.RunAsync(cancellationToken, arguments)));
        JsonNode summary = await cloud.CallsAsync(cancellationToken);
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
                console.WriteLine($"# {cloud.CallsHeading}");
                console.Write(CallTable.Render(summary));
            });
    }

    private static async Task KeepAsync(Output output, SandboxDirectory files, IDemoCloud cloud, Task controller, CancellationToken cancellationToken)
    {
        output.Say("");
        output.Say("It keeps running. In another terminal:");
        output.Say($"  export KUBECONFIG={files.Kubeconfig}");
        output.Say($"  export {cloud.OpenStackEnvironment}");
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

    /// <summary>What a demonstration plays on.</summary>
    private sealed record Stage(SandboxDirectory Files, IDemoCloud Cloud, KubectlProcess Kubectl, Task Controller);
}
