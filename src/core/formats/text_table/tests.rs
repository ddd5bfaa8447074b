//! Tests of tables of text: what programs print, read by what is recognised.

use crate::formats::testing::{Reading, named_rows, pieces, prepare, read, read_with};
use crate::formats::{FormatSpec, Sample, recognise};
use serde_json::Value as Json;

/// What a text is taken for, and read as that.
fn best(text: &str) -> (String, Reading) {
    let found = recognise(&Sample::whole("out.txt", text)).into_iter().next();
    let format = found.unwrap_or_else(|| panic!("nothing reads {text}")).format;
    (format.name.clone(), read(&format, text))
}

/// The columns of a text, which is a table of text, and its rows without what is null.
fn table(text: &str) -> (Vec<String>, Vec<Json>, Reading) {
    let (name, reading) = best(text);
    assert_eq!(name, "text_table", "{text}");
    (reading.columns(), named_rows(&reading), reading)
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

const PS: &str = "\
USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND
root           1  0.0  0.1 169328 13252 ?        Ss   Nov29   0:04 /sbin/init splash
root           2  0.0  0.0      0     0 ?        S    Nov29   0:00 [kthreadd]
postgres    4711 12.5 33.0 12345678912 1352000 ?  Ssl  10:00 120:04 postgres: shop  [local] idle
www-data     812  1.5  2.0  55312  8012 ?        S    10:01   0:00 nginx: worker process
";

#[test]
fn processes_have_their_columns_whatever_their_size() {
    let (columns, rows, reading) = table(PS);
    let expected = [
        "user String",
        "pid Int",
        "%CPU Float",
        "%MEM Float",
        "VSZ Int",
        "RSS Int",
        "TTY String",
        "STAT String",
        "START String",
        "TIME String",
        "COMMAND String",
    ];
    assert_eq!(
        (columns.as_slice(), reading.tally.meta, reading.tally.quarantined),
        (&expected.map(str::to_owned)[..], 1, 0)
    );
    assert_eq!(
        rows[2],
        json(
            r#"{"user":"postgres","pid":4711,"%CPU":12.5,"%MEM":33.0,"VSZ":12345678912,"RSS":1352000,"TTY":"?","STAT":"Ssl","START":"10:00","TIME":"120:04","COMMAND":"postgres: shop  [local] idle"}"#
        )
    );
    let (_, rows, _) = table(
        "UID          PID    PPID  C STIME TTY          TIME CMD\n\
         root           1       0  0 Nov29 ?        00:00:04 /sbin/init splash\n\
         bob        17123    1702 99 10:01 pts/0    00:00:00 ps -ef\n",
    );
    assert_eq!(
        rows[1],
        json(
            r#"{"UID":"bob","pid":17123,"PPID":1702,"C":99,"STIME":"10:01","TTY":"pts/0","TIME":"00:00:00","CMD":"ps -ef"}"#
        )
    );
}

#[test]
fn names_and_values_of_several_words_are_one() {
    let (columns, rows, _) = table(
        "Filesystem      Size  Used Avail Use% Mounted on\n\
         udev            3.9G     0  3.9G   0% /dev\n\
         /dev/nvme0n1p2  234G  180G   43G  81% /\n\
         //nas/share     1.8T  900G  900G  50% /mnt/my share\n",
    );
    assert_eq!(
        columns,
        ["Filesystem String", "Size String", "Used String", "Avail String", "Use% Int", "Mounted on String"]
    );
    assert_eq!((&rows[2]["Use%"], &rows[2]["Mounted on"]), (&50.into(), &"/mnt/my share".into()));

    let (columns, rows, _) = table(
        "CONTAINER ID   IMAGE          COMMAND                  CREATED       STATUS                   PORTS                NAMES\n\
         3f2a9c1d2e4b   nginx:1.25     \"/docker-entrypoint.…\"   3 hours ago   Up 3 hours (healthy)     0.0.0.0:80->80/tcp   web\n\
         9b8c7d6e5f40   postgres:16    \"docker-entrypoint.s…\"   2 days ago    Exited (1) 5 hours ago                        db\n",
    );
    assert_eq!(columns[0], "CONTAINER ID String");
    assert_eq!(
        rows[1],
        json(
            r#"{"CONTAINER ID":"9b8c7d6e5f40","IMAGE":"postgres:16","COMMAND":"\"docker-entrypoint.s…\"","CREATED":"2 days ago","STATUS":"Exited (1) 5 hours ago","NAMES":"db"}"#
        )
    );

    let (columns, rows, _) = table(
        "NAME      READY   STATUS             RESTARTS     AGE   IP           NODE    NOMINATED NODE   READINESS GATES\n\
         web-0     1/1     Running            0            3d    10.42.0.7    node1   <none>           <none>\n\
         db-long   0/1     CrashLoopBackOff   4 (2m ago)   5h    10.42.0.17   node2   <none>           <none>\n",
    );
    assert_eq!(columns[7..], ["NOMINATED NODE String", "READINESS GATES String"]);
    assert_eq!(
        rows[1],
        json(
            r#"{"NAME":"db-long","READY":"0/1","STATUS":"CrashLoopBackOff","RESTARTS":"4 (2m ago)","AGE":"5h","IP":"10.42.0.17","NODE":"node2"}"#
        )
    );
}

#[test]
fn columns_that_are_wide_apart_hold_names_and_values_of_several_words() {
    let (columns, rows, _) = table(
        "CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT     MEM %     NET I/O           BLOCK I/O         PIDS\n\
         3f2a9c1d2e4b   web       0.05%     10.5MiB / 1.94GiB     0.53%     1.2kB / 0B        0B / 0B           3\n\
         9b8c7d6e5f40   db        1.15%     110.5MiB / 1.94GiB    5.53%     12kB / 3kB        1MB / 2MB         12\n",
    );
    assert_eq!(columns[2..5], ["CPU % Float", "MEM USAGE / LIMIT String", "MEM % Float"]);
    assert_eq!((&rows[1]["NET I/O"], &rows[1]["BLOCK I/O"]), (&"12kB / 3kB".into(), &"1MB / 2MB".into()));
    let (_, rows, reading) = table(
        "  UNIT                      LOAD   ACTIVE SUB     DESCRIPTION\n  cron.service              loaded active running Regular background program processing\n\
         ● nginx.service             loaded failed failed  A high performance web server\n\n\
         LOAD   = Reflects whether the unit definition was properly loaded.\nSUB    = The low-level unit activation state, values depend on unit type.\n2 loaded units listed.\n",
    );
    assert_eq!((rows.len(), reading.tally.quarantined), (2, 3));
    assert_eq!((&rows[1]["UNIT"], &rows[1]["SUB"]), (&"● nginx.service".into(), &"failed".into()));
    let (_, rows, _) = table(
        " Id   Name       State\n---------------------------\n 1    web1       running\n 2    db1        shut off\n",
    );
    assert_eq!(rows[1], json(r#"{"Id":2,"Name":"db1","State":"shut off"}"#));
}

#[test]
fn tables_of_networks_have_their_empty_places() {
    let (columns, rows, reading) = table(
        "Active Internet connections (servers and established)\n\
         Proto Recv-Q Send-Q Local Address           Foreign Address         State\n\
         tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN\n\
         tcp        0     36 192.0.2.80:22           192.0.2.7:51234         ESTABLISHED\n\
         udp        0      0 0.0.0.0:68              0.0.0.0:*\n\
         Active UNIX domain sockets (servers and established)\n\
         Proto RefCnt Flags       Type       State         I-Node   Path\n\
         unix  2      [ ACC ]     STREAM     LISTENING     12345    /run/systemd/private\n",
    );
    assert_eq!(columns[3..5], ["Local Address String", "Foreign Address String"]);
    assert_eq!(
        rows[2],
        json(r#"{"Proto":"udp","Recv-Q":0,"Send-Q":0,"Local Address":"0.0.0.0:68","Foreign Address":"0.0.0.0:*"}"#)
    );
    // The other table's lines are not read by this one's names.
    assert_eq!((rows.len(), reading.tally.quarantined), (3, 4));
    let (columns, rows, _) = table(
        "Netid State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process                                    \n\
         udp   UNCONN 0      0         127.0.0.53%lo:53        0.0.0.0:*     users:((\"systemd-resolve\",pid=812,fd=12))\n\
         tcp   LISTEN 0      128             0.0.0.0:22        0.0.0.0:*     users:((\"sshd\",pid=901,fd=3))           \n\
         tcp   ESTAB  0      36           192.0.2.80:22      192.0.2.7:51234                                          \n",
    );
    assert_eq!(columns[4..], ["Local Address:Port String", "Peer Address:Port String", "Process String"]);
    assert_eq!(rows[0]["Local Address:Port"], "127.0.0.53%lo:53");
    assert_eq!((&rows[2]["Peer Address:Port"], rows[2].get("Process")), (&"192.0.2.7:51234".into(), None));
}

#[test]
fn headers_that_come_again_and_lines_between_are_no_rows() {
    let block = "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n \
                 r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st\n \
                 2  0      0 2794468   2108 741208    0    0     1     3   29   57  0  0 99  0  0\n \
                 0  0      0 2794100   2108 741208    0    0     0    12   80  157  1  0 99  0  0\n";
    let (columns, rows, reading) = table(&block.repeat(3));
    assert_eq!((columns.len(), rows.len(), reading.tally.meta), (17, 6, 6));
    assert_eq!((&rows[1]["r"], &rows[1]["free"], &rows[1]["st"]), (&0.into(), &2_794_100.into(), &0.into()));

    let top = "top - 10:00:00 up 12 days,  3:04,  2 users,  load average: 0.42, 0.36, 0.30\n\
               Tasks: 212 total,   1 running, 211 sleeping,   0 stopped,   0 zombie\n\
               %Cpu(s):  1.2 us,  0.5 sy,  0.0 ni, 98.1 id,  0.2 wa,  0.0 hi,  0.0 si,  0.0 st\n\
               MiB Mem :  15923.4 total,   2794.4 free,   8012.1 used,   5117.0 buff/cache\n\n    \
                   PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n   \
                  4711 postgres  20   0   12.1g   1.2g   8012 S  12.5  33.0 120:04.12 postgres\n      \
                     1 root      20   0  169328  13252   8012 S   0.0   0.1   0:04.50 systemd\n    \
                   812 root      rt   0   55312   8012   4012 R   0.3   0.1   0:00.01 kworker/0:1-events power\n\n";
    let (columns, rows, reading) = table(&top.repeat(2));
    assert_eq!(columns[..2], ["pid Int", "user String"]);
    assert_eq!((rows.len(), reading.tally.quarantined, reading.tally.blank), (6, 8, 4));
    assert_eq!(rows[2]["COMMAND"], "kworker/0:1-events power");

    let (columns, rows, reading) = table(
        "Linux 6.1.0 (web1) \t11/30/2026 \t_x86_64_\t(4 CPU)\n\n\
         10:00:01 AM     CPU     %user     %nice   %system   %iowait    %steal     %idle\n\
         10:10:01 AM     all      1.20      0.00      0.50      0.10      0.00     98.20\n\
         10:20:01 AM     all      2.20      0.00      0.50      0.10      0.00     97.20\n\n\
         12:00:01 PM     CPU     %user     %nice   %system   %iowait    %steal     %idle\n\
         12:10:01 PM     all      3.20      0.00      0.50      0.10      0.00     96.20\n\
         Average:        all      2.20      0.00      0.50      0.10      0.00     97.20\n",
    );
    assert_eq!(
        (columns[0].as_str(), rows.len(), reading.tally.meta, reading.tally.quarantined),
        ("clock String", 4, 2, 1)
    );
    assert_eq!((&rows[2]["clock"], &rows[2]["%user"]), (&"12:10:01 PM".into(), &3.2.into()));
}

#[test]
fn a_column_without_a_name_has_a_number() {
    let (columns, rows, _) = table(
        "               total        used        free      shared  buff/cache   available\n\
         Mem:           15923        8012        2794         312        5117        7300\n\
         Swap:           2047           0        2047\n",
    );
    assert_eq!(columns[..2], ["column_1 String", "total Int"]);
    assert_eq!(rows[1], json(r#"{"column_1":"Swap:","total":2047,"used":0,"free":2047}"#));
}

#[test]
fn a_header_at_other_places_lays_its_rows_anew() {
    let narrow = "NAME    READY   STATUS    RESTARTS   AGE\nweb-0   1/1     Running   0          3d\nweb-1   1/1     Running   0          3d\n";
    let wide = "NAME              READY   STATUS              RESTARTS   AGE\nweb-0             1/1     Running             0          3d\n\
                job-27391-abcde   0/1     ContainerCreating   0          2s\n";
    let text = [narrow, narrow, wide, narrow].concat();
    let parser = prepare(&FormatSpec::new("text_table"), None, narrow);
    let whole = read_with(parser.as_ref(), &[&text]);
    assert_eq!((whole.rows.len(), whole.tally.meta, whole.tally.quarantined), (8, 4, 0));
    assert_eq!(whole.json()[5], r#"["job-27391-abcde","0/1","ContainerCreating",0,"2s"]"#);
    for size in 1..text.len() {
        let reading = read_with(parser.as_ref(), &pieces(parser.as_ref(), &text, size));
        assert_eq!(reading.json(), whole.json(), "{size}");
    }
    assert_eq!(pieces(parser.as_ref(), &text, 1).len(), 12, "a chunk may end behind any line");
}

#[test]
fn tables_with_borders_are_read() {
    let (columns, rows, reading) =
        table(" id |  name   | total \n----+---------+-------\n  1 | bob | 12.50\n  2 |         |  7.00\n(2 rows)\n");
    assert_eq!(columns, ["id Int", "name String", "total Float"]);
    assert_eq!(rows, [json(r#"{"id":1,"name":"bob","total":12.5}"#), json(r#"{"id":2,"total":7.0}"#)]);
    assert_eq!((reading.tally.meta, reading.tally.quarantined), (3, 0));
    let (columns, rows, _) = table(
        "+----+------+---------------------+\n| id | name | created             |\n+----+------+---------------------+\n\
         |  1 | bob  | 2026-11-30 10:00:00 |\n|  2 | NULL | 2026-11-30 10:00:01 |\n+----+------+---------------------+\n\
         2 rows in set (0.00 sec)\n",
    );
    assert_eq!(columns[2], "created Timestamp");
    assert_eq!(rows[1], json(r#"{"id":2,"created":"2026-11-30T10:00:01Z"}"#));
    let (columns, rows, _) = table("| a | share |\n|---|------:|\n| x \\| y | 45% |\n| z | 5% |\n");
    assert_eq!((columns[1].as_str(), &rows[0]), ("share Int", &json(r#"{"a":"x \\| y","share":45}"#)));
}

#[test]
fn rules_below_names_tell_where_columns_are() {
    let (columns, rows, _) = table(
        "\nHandles  NPM(K)    PM(K)      WS(K)     CPU(s)     Id  SI ProcessName\n\
         -------  ------    -----      -----     ------     --  -- -----------\n    \
             537      28    18052      31400       1.20   4711   1 explorer\n    \
             120       8     1500       5400                12   0 svchost\n",
    );
    assert_eq!(columns[4..], ["CPU(s) Float", "Id Int", "SI Int", "ProcessName String"]);
    assert_eq!(
        rows[1],
        json(r#"{"Handles":120,"NPM(K)":8,"PM(K)":1500,"WS(K)":5400,"Id":12,"SI":0,"ProcessName":"svchost"}"#)
    );
}

#[test]
fn the_header_may_be_given() {
    let text = "Proto Recv-Q Send-Q Local Address           Foreign Address         State\n\
                tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN\n\
                tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN\n\
                Proto RefCnt Flags       Type       State         I-Node   Path\n\
                unix  2      [ ACC ]     STREAM     LISTENING     12345    /run/systemd/private\n\
                unix  3      [ ]         STREAM     CONNECTED     12346    /run/dbus\n";
    let reading = read(&FormatSpec::new("text_table").with("header", "Proto RefCnt"), text);
    let rows = named_rows(&reading);
    assert_eq!(rows.len(), 2, "{:?}", reading.json());
    assert_eq!((&rows[0]["Flags"], &rows[1]["I-Node"]), (&"[ ACC ]".into(), &12346.into()));
    let format = crate::formats::format("text_table").unwrap();
    let fault = format.prepare(&FormatSpec::new("text_table"), None, &Sample::whole("x", "some words\nmore\n"));
    assert_eq!(fault.err().map(|fault| fault.code.to_string()).as_deref(), Some("PW1160"));
}

#[test]
fn text_is_no_table() {
    for text in [
        "Dear  Sir or Madam\nwe thank you  for 3 of your letters\nand hope  that all is well\n",
        "INFO  main  started\nINFO  main  at 10\nWARN  main  late 12\n",
        "the shop is open\nthe shop is closed\n",
        "Name: bob\nAge:  12\n\nName: eve\nAge:  13\n",
        "a  b  c\n",
    ] {
        let found = recognise(&Sample::whole("x.txt", text));
        assert!(found.first().is_none_or(|best| best.format.name != "text_table"), "{text}: {found:?}");
    }
}

#[test]
fn values_of_several_lines_are_one() {
    let text = concat!(
        " id |  name  |     note      | total \n",
        "----+--------+---------------+-------\n",
        "  1 | a+     | line one     +|  1.50\n",
        "    |        | line two     +| \n",
        "    |        | line three    | \n",
        "  2 | eve    | C+            |  2.00\n",
        "(2 rows)\n",
    );
    let (_, rows, reading) = table(text);
    assert_eq!(rows[0], json(r#"{"id":1,"name":"a+","note":"line one\nline two\nline three","total":1.5}"#));
    assert_eq!(rows[1], json(r#"{"id":2,"name":"eve","note":"C+","total":2.0}"#));
    assert_eq!((rows.len(), reading.tally.joined), (2, 2));
    // The last column has no border behind it; what the rule is long tells its mark.
    let text = " id | note\n----+-------\n  1 | 12   +\n    | 13\n  2 | C++\n  3 | 1234+\n(3 rows)\n";
    let (_, rows, whole) = table(text);
    assert_eq!(rows[0], json(r#"{"id":1,"note":"12\n13"}"#));
    assert_eq!((rows.len(), &rows[1]["note"], &rows[2]["note"]), (3, &Json::from("C++"), &Json::from("1234+")));
    let parser = prepare(&FormatSpec::new("text_table"), None, text);
    for size in 1..text.len() {
        let reading = read_with(parser.as_ref(), &pieces(parser.as_ref(), text, size));
        assert_eq!((reading.json(), reading.tally), (whole.json(), whole.tally.clone()), "{size}");
    }
}

#[test]
fn a_value_too_wide_for_its_column_has_its_row_in_the_next_line() {
    let text = "Filesystem           1K-blocks      Used Available Use% Mounted on\n\
                udev                   8146744         0   8146744   0% /dev\n\
                /dev/mapper/vg_root-lv_root_long_name\n                      \
                51474912  20480000  28357088  42% /\n\
                tmpfs                  1635392      1728   1633664   1% /run\n\
                /dev/mapper/vg_data-lv_alone_at_the_end\n";
    let (columns, rows, whole) = table(text);
    assert_eq!(columns[..3], ["Filesystem String", "1K-blocks Int", "Used Int"]);
    assert_eq!(
        rows[1],
        json(
            r#"{"Filesystem":"/dev/mapper/vg_root-lv_root_long_name","1K-blocks":51474912,"Used":20480000,"Available":28357088,"Use%":42,"Mounted on":"/"}"#
        )
    );
    assert_eq!((rows.len(), whole.tally.joined, whole.tally.quarantined), (3, 1, 1));
    let parser = prepare(&FormatSpec::new("text_table"), None, text);
    for size in 1..text.len() {
        let reading = read_with(parser.as_ref(), &pieces(parser.as_ref(), text, size));
        assert_eq!((reading.json(), reading.tally), (whole.json(), whole.tally.clone()), "{size}");
    }
}

#[test]
fn sizes_tell_a_table_as_numbers_do() {
    let (columns, rows, _) = table(
        "               total        used        free      shared  buff/cache   available\n\
         Mem:            15Gi       4.2Gi       8.1Gi       123Mi       3.0Gi        10Gi\n\
         Swap:          2.0Gi          0B       2.0Gi\n",
    );
    assert_eq!(columns[..2], ["column_1 String", "total String"]);
    assert_eq!(rows[1], json(r#"{"column_1":"Swap:","total":"2.0Gi","used":"0B","free":"2.0Gi"}"#));
}

#[test]
fn a_day_and_its_clock_are_one_value_below_one_name() {
    let head = "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu----- -----timestamp-----\n \
                r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st                 UTC\n ";
    let text = [
        head,
        "1  0      0 812345  20480 2048000    0    0     5    12   50  100  3  1 96  0  0 2026-11-30 10:00:01\n ",
        "0  0      0 812000  20480 2048100    0    0     0    40  210  400  5  2 93  0  0 2026-11-30 10:00:02\n",
        head,
        "12  1      0 811900  20480 2048150    0    0     0   120  300  600 10  3 85  2  0 2026-11-30 10:00:03\n",
    ];
    let (columns, rows, reading) = table(&text.concat());
    assert_eq!((columns.len(), columns[17].as_str(), reading.tally.quarantined), (18, "UTC Timestamp", 0));
    assert_eq!((&rows[2]["r"], &rows[2]["id"], &rows[2]["wa"]), (&12.into(), &85.into(), &2.into()));
    assert_eq!((&rows[1]["bo"], &rows[1]["UTC"]), (&40.into(), &"2026-11-30T10:00:02Z".into()));
}
