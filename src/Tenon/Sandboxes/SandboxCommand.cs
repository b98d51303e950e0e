using System.CommandLine;
using Microsoft.Extensions.Logging;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Spectre.Console;
using Tenon.CommandLine;
using Tenon.Sandbox;

namespace Tenon.Sandboxes;

/// <summary><c>tenon sandbox</c>: an OpenStack and a Kubernetes API in one process.</summary>
internal static class SandboxCommand
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(15);

    public static Command Create()
    {
        var directory = new Option<string>("--dir", "-d")
        {
            Description = "Where kubeconfig, clouds.yaml and cloud.conf are written.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "sandbox",
        };
        return new Command("sandbox", "An OpenStack and a Kubernetes API in one process, on loopback, in memory.")
        {
            CreateUp(directory),
            CreateDown(directory),
            CreateStatus(directory),
        };
    }

    private static Command CreateUp(Option<string> directory)
    {
        var nodes = new Option<int>("--nodes") { Description = "Servers, each of them a Kubernetes node.", HelpName = "N", DefaultValueFactory = _ => 3 };
        var zones = new Option<int>("--zones") { Description = "Availability zones az1..azZ.", HelpName = "Z", DefaultValueFactory = _ => 3 };
        var latency = new Option<int>("--latency") { Description = "Added to each OpenStack call, in milliseconds.", HelpName = "MS" };
        var regions = new Option<string[]>("--region") { Description = "A region's name; give it twice for two.", HelpName = "NAME", DefaultValueFactory = _ => ["RegionOne"] };
        var dualStack = new Option<bool>("--dual-stack") { Description = "Give the networks an IPv6 subnet each as well." };
        var controllers = new Option<string>("--controllers")
        {
            Description = "Which of Kubernetes' own controllers run: all, none, or names separated by commas.",
            HelpName = "all|none|NAME,..",
            DefaultValueFactory = _ => "all",
        };
        var settle = new Option<double>("--settle") { Description = "How long load balancers and servers stay in their transitional states, in seconds.", HelpName = "SECONDS", DefaultValueFactory = _ => 0.5 };
        var openStackPort = new Option<int>("--openstack-port") { Description = "The port of the OpenStack services; 0 takes a free one.", HelpName = "PORT" };
        var kubernetesPort = new Option<int>("--kubernetes-port") { Description = "The port of the Kubernetes API; 0 takes a free one.", HelpName = "PORT" };
        var detach = new Option<bool>("--detach") { Description = "Return when all is ready, and leave it running." };
        var detached = new Option<bool>("--detached-child") { Hidden = true };
        var up = new Command("up", "Starts a sandbox and runs until it is stopped.")
        {
            directory, nodes, zones, latency, regions, dualStack, controllers, settle, openStackPort, kubernetesPort, detach, detached,
        };
        foreach ((Option<int> option, int least) in new[] { (nodes, 0), (zones, 1), (latency, 0) })
        {
            option.Validators.Add(result =>
            {
                if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[0].Value, out int value) && value < least)
                    result.AddError($"{option.Name} is {value}: give a number of at least {least}.");
            });
        }

        up.SetAction(async (parsed, cancellationToken) =>
        {
            var output = new Output(parsed.GetValue(Output.FormatOption));
            var files = new SandboxDirectory(parsed.GetRequiredValue(directory));
            if (files.Running() is { } running)
            {
                throw new CommandException(ExitCode.Failure,
                    $"a sandbox already runs from {files.Root} (process {running.ProcessId}). Stop it with: tenon sandbox down --dir {files.Root}");
            }

            if (parsed.GetValue(detach)) return await DetachAsync(files, output, cancellationToken);
            TimeSpan delay = TimeSpan.FromSeconds(parsed.GetValue(settle));
            using ILoggerFactory loggers = LoggerFactory.Create(l => l
                .SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(c => c.SingleLine = true).AddConsole(c => c.LogToStandardErrorThreshold = LogLevel.Trace));
            var options = new SandboxOptions
            {
                LoggerFactory = loggers,
                Nodes = parsed.GetValue(nodes),
                Zones = parsed.GetValue(zones),
                Latency = TimeSpan.FromMilliseconds(parsed.GetValue(latency)),
                Regions = [.. parsed.GetRequiredValue(regions)],
                DualStack = parsed.GetValue(dualStack),
                Controllers = parsed.GetRequiredValue(controllers),
                Delays = new SandboxDelays { LoadBalancer = delay, Server = delay },
                OpenStackPort = parsed.GetValue(openStackPort),
                KubernetesPort = parsed.GetValue(kubernetesPort),
            };
            return await RunAsync(options, files, output, parsed.GetValue(detached), cancellationToken);
        });
        return up.WithExamples(
            "tenon sandbox up --dir sandbox --nodes 5",
            "tenon sandbox up --dir sandbox --detach && export KUBECONFIG=sandbox/kubeconfig");
    }

    private static async Task<int> RunAsync(SandboxOptions options, SandboxDirectory files, Output output, bool detached, CancellationToken cancellationToken)
    {
        if (detached) NativeProcess.LeaveSession();
        await using SandboxHost host = await SandboxHost.StartAsync(options, cancellationToken);
        files.Write(host);
        if (!detached)
        {
            PrintUp(files, host.AuthUrl, output);
            output.Say("Running until stopped with Ctrl-C.");
        }

        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (cancellationToken.Register(stopped.SetResult)) await stopped.Task;
        files.Clear();
        return ExitCode.Success;
    }

    private static async Task<int> DetachAsync(SandboxDirectory files, Output output, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(files.Root);
        // The child gets this command line again. It must not hold on to our streams, or whoever reads them waits for ever.
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in Environment.GetCommandLineArgs().Skip(1).Where(a => a != "--detach")) start.ArgumentList.Add(argument);
        start.ArgumentList.Add("--detached-child");
        using Process child = Process.Start(start)!;
        Task<string> errors = child.StandardError.ReadToEndAsync(cancellationToken);
        long deadline = TimeProvider.System.GetTimestamp();
        while (files.Running() is not { } record || record.ProcessId != child.Id)
        {
            if (child.HasExited) throw new CommandException(ExitCode.Failure, $"the sandbox did not start: {(await errors).Trim()}");
            if (TimeProvider.System.GetElapsedTime(deadline) > StartTimeout)
            {
                child.Kill();
                throw new CommandException(ExitCode.Failure, $"the sandbox did not start within {StartTimeout.TotalSeconds:0} s.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellationToken);
        }

        PrintUp(files, files.Running()!.AuthUrl, output);
        output.Say($"Running as process {child.Id}. Stop it with: tenon sandbox down --dir {files.Root}");
        return ExitCode.Success;
    }

    private static void PrintUp(SandboxDirectory files, string authUrl, Output output)
        => output.Print(
            new JsonObject
            {
                ["kubeconfig"] = files.Kubeconfig,
                ["cloudsYaml"] = files.CloudsYaml,
                ["cloudConf"] = files.CloudConf,
                ["authUrl"] = authUrl,
            },
            console =>
            {
                console.WriteLine("The sandbox is up. Next, in another terminal:");
                console.WriteLine();
                console.WriteLine($"  export KUBECONFIG={files.Kubeconfig}");
                console.WriteLine($"  export OS_CLIENT_CONFIG_FILE={files.CloudsYaml} OS_CLOUD=sandbox");
                console.WriteLine("  kubectl get nodes");
                console.WriteLine("  openstack server list");
                console.WriteLine($"  tenon cloud-controller --cloud-config {files.CloudConf} --kubeconfig {files.Kubeconfig}");
                console.WriteLine();
            });

    private static Command CreateDown(Option<string> directory)
    {
        var down = new Command("down", "Stops the sandbox that runs from a directory.") { directory };
        down.SetAction(async (parsed, cancellationToken) =>
        {
            var output = new Output(parsed.GetValue(Output.FormatOption));
            var files = new SandboxDirectory(parsed.GetRequiredValue(directory));
            if (files.Running() is not { } record)
            {
                files.Clear();
                output.Say($"No sandbox runs from {files.Root}.");
                return ExitCode.Success;
            }

            NativeProcess.Terminate(record.ProcessId);
            long began = TimeProvider.System.GetTimestamp();
            while (record.IsRunning)
            {
                if (TimeProvider.System.GetElapsedTime(began) > StopTimeout)
                    throw new CommandException(ExitCode.Failure, $"process {record.ProcessId} did not end within {StopTimeout.TotalSeconds:0} s.");
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
            }

            files.Clear();
            output.Say("The sandbox is down.");
            return ExitCode.Success;
        });
        return down.WithExamples("tenon sandbox down --dir sandbox");
    }

    private static Command CreateStatus(Option<string> directory)
    {
        var status = new Command("status", "Says whether a sandbox runs, and which API calls it has answered.") { directory };
        status.SetAction(async (parsed, cancellationToken) =>
        {
            var output = new Output(parsed.GetValue(Output.FormatOption));
            var files = new SandboxDirectory(parsed.GetRequiredValue(directory));
            SandboxRecord record = files.Running()
                ?? throw new CommandException(ExitCode.Failure, $"no sandbox runs from {files.Root}. Start one with: tenon sandbox up --dir {files.Root}");
            using var http = new HttpClient();
            JsonNode summary = JsonNode.Parse(await http.GetStringAsync(new Uri(record.ControlUrl + "calls/summary"), cancellationToken))!;
            output.Print(new JsonObject { ["processId"] = record.ProcessId, ["authUrl"] = record.AuthUrl, ["calls"] = summary }, console =>
            {
                console.WriteLine($"Running as process {record.ProcessId}; Keystone at {record.AuthUrl}.");
                console.Write(CallTable.Render(summary));
            });
            return ExitCode.Success;
        });
        return status.WithExamples("tenon sandbox status --dir sandbox --output json");
    }
}
